/** Watches who works for a run: how many they are, which targets they serve, and whom the search waits for. */
import type { Environment } from "../target/environment.js";
import type { Member, Members } from "./members.js";
import { differencesOf, type RunIdentity } from "./run-identity.js";

const LOOK_MS = 3000;

export interface Watch {
  /** How many work for the run now. */
  readonly workers: number;
  /** The environment of a target that a worker serves. */
  served(target: string): Environment | undefined;
  /** The search measures on this target by its workers alone: where there is none, it is said. */
  need(target: string): void;
  stop(): void;
}

export async function watchWorkers(
  members: Members,
  run: RunIdentity,
  { onNote, onChange }: { readonly onNote: (line: string) => void; readonly onChange: () => void },
): Promise<Watch> {
  const needed = new Map<string, "served" | "missing">();
  const isOurs = (member: Member): boolean => differencesOf(member.run, run).length === 0;
  const workersAmong = (all: readonly Member[]): readonly Member[] => all.filter(({ does }) => does !== "search");

  const first = workersAmong(await members.others());
  let ours = first.filter(isOurs);
  for (const line of othersIn(first, run)) onNote(line);
  const serves = (target: string): Environment | undefined =>
    ours.flatMap(({ targets }) => (Object.hasOwn(targets, target) ? [targets[target] as Environment] : []))[0];
  const look = async (): Promise<void> => {
    const before = ours.length;
    ours = workersAmong(await members.others()).filter(isOurs);
    if (ours.length !== before) onChange();
    for (const [target, state] of needed) {
      const now = serves(target) ? "served" : "missing";
      if (now !== state && now === "missing") {
        onNote(`No worker serves ${target} any more: the search waits for one (nestling worker --target ${target}).`);
      }
      needed.set(target, now);
    }
  };
  const timer = setInterval(() => {
    // Redis that is away is said elsewhere.
    look().catch(() => undefined);
  }, LOOK_MS);
  timer.unref();
  return {
    get workers() {
      return ours.length;
    },
    served: serves,
    need: (target) => {
      needed.set(target, "served");
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** What workers of other runs differ by. */
export function othersIn(members: readonly Member[], run: RunIdentity): readonly string[] {
  return members.flatMap((member) => {
    const different = differencesOf(member.run, run);
    if (different.length === 0) return [];
    return [
      `The worker on ${member.host} (process ${member.pid}) has another ${different.join(" and ")}: it does not help.`,
    ];
  });
}
