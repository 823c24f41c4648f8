/**
 * A worker: it holds a run and does what searches of the same run ask for. One without targets compiles, recalibrates and judges accuracy;
 * one with targets measures on them and does nothing else, since accuracy and latency never share cores.
 */
import { UserError } from "../base/user-error.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Run } from "../run/run.js";
import { openBenches } from "../search/target-benches.js";
import type { Target } from "../target/target.js";
import { forgetOld } from "./forget-old.js";
import { judgingQueue, timingQueue, type Job, type TargetJob } from "./jobs.js";
import { join, type Member } from "./members.js";
import { performer } from "./perform.js";
import { openRedis } from "./redis.js";
import { differencesOf, identityOf, keyOf, type RunIdentity } from "./run-identity.js";
import { oneAfterTheOther, takeJobs } from "./take-jobs.js";

/** What a worker works for. */
export interface WorkerOptions {
  /** redis://[name:password@]host:port, or rediss:// for TLS. */
  readonly queue: string;
  /** The targets that it measures on; without any it judges accuracy. A search names them by their names here. */
  readonly targets?: readonly Target[];
  /** Called with what people should know meanwhile. */
  readonly onNote?: (line: string) => void;
  /** Called after each job, with the children that it was of. */
  readonly onJob?: (job: WorkerJob) => void;
}

/** A job that is done. */
export interface WorkerJob {
  /** screen and complete are of accuracy, time and decide of latency, compute of how a target computes a certificate's probe. */
  readonly kind: "screen" | "complete" | "time" | "decide" | "compute";
  readonly ids: readonly string[];
}

/** A worker that works. */
export interface Worker {
  /** Finishes the job at hand, and ends. */
  close(): Promise<void>;
}

/**
 * Starts a worker.
 * @throws UserError `queue/url`, `queue/packages`, `queue/redis`, `queue/run` where the only searches are of other runs,
 * `queue/target` where another worker serves a target of the same name on another device, `target/…`
 */
export async function startWorker(run: Run, options: WorkerOptions): Promise<Worker> {
  const { queue, targets = [], onNote = () => undefined, onJob } = options;
  const identity = identityOf(run);
  const key = keyOf(identity);
  const redis = await openRedis(queue, (shown) => onNote(`Redis at ${shown} went away: the worker waits for it.`));
  // What is left there is of use to nobody; that it goes is no condition.
  forgetOld(redis).catch(() => undefined);
  try {
    const environments: Member["targets"] = {};
    for (const target of targets) environments[target.name] = { ...(await target.environment()) };
    const does = targets.length > 0 ? "time" : "judge";
    const members = await join(redis.commands, { does, run: identity, targets: environments });
    try {
      const others = await members.others();
      refuseOtherRuns(others, identity);
      refuseOtherDevices(others, identity, environments);
    } catch (error) {
      await members.leave();
      throw error;
    }
    const onDone = (job: Job): void => onJob?.({ kind: job.kind, ids: job.kind === "decide" ? job.ids : [job.id] });
    const work = performer(run, benchesOn(targets, onNote));
    const alone = oneAfterTheOther();
    const queues = targets.length > 0 ? targets.map(({ name }) => timingQueue(key, name)) : [judgingQueue(key)];
    const taking = queues.map((name) => takeJobs(redis, name, work, alone, onDone));
    return {
      async close() {
        await redis.close(Promise.allSettled([...taking.map((each) => each.close()), members.leave()]));
      },
    };
  } catch (error) {
    await redis.close(Promise.resolve());
    throw error;
  }
}

/** A bench is kept: what its screenings refer to is measured once. */
function benchesOn(
  targets: readonly Target[],
  onNote: (line: string) => void,
): (job: TargetJob) => Promise<LatencyBench> | undefined {
  const open = new Map<string, Promise<LatencyBench>>();
  return ({ target: name, seed, seconds, differences, session }) => {
    const target = targets.find((each) => each.name === name);
    if (!target) return undefined;
    const key = JSON.stringify([name, seed, seconds, differences, session]);
    const found =
      open.get(key) ??
      openBenches([undefined], { first: target, others: [] }, { seed, seconds, differences, onNote }).then(
        ([only]) => only!.bench,
      );
    open.set(key, found);
    // One that could not be opened is opened anew.
    found.catch(() => open.delete(key));
    return found;
  };
}

/** A worker that would wait for ever is refused: it was started with another run than the search that is there. */
function refuseOtherRuns(members: readonly Member[], run: RunIdentity): void {
  const searches = members.filter(({ does }) => does === "search");
  if (searches.length === 0) return;
  const different = searches.map((member) => ({ member, by: differencesOf(member.run, run) }));
  if (different.some(({ by }) => by.length === 0)) return;
  throw new UserError(
    "queue/run",
    different.map(({ member, by }) => ({
      at: "the worker's run",
      got: `another one than that of the search on ${member.host} (process ${member.pid})`,
      want: `the same ${by.join(" and ")}`,
      fix: by.includes("version of nestling")
        ? `The search has nestling ${member.run.nestling}: install it here, and start the worker with a copy of the search's run.`
        : "Start the worker with a copy of the search's run.",
    })),
  );
}

/** Latencies of two kinds of device under one name would be compared as if they were of one. */
function refuseOtherDevices(members: readonly Member[], run: RunIdentity, own: Member["targets"]): void {
  const problems = members
    .filter((member) => differencesOf(member.run, run).length === 0)
    .flatMap(({ targets, host }) =>
      Object.entries(targets).flatMap(([name, there]) => {
        const here = Object.hasOwn(own, name) ? own[name] : undefined;
        if (!here || deviceOf(here) === deviceOf(there)) return [];
        return [
          {
            at: `the target ${name}`,
            got: `served on ${host}, too, by another device (${deviceOf(there)})`,
            want: `the same device as here (${deviceOf(here)})`,
            fix: "Give each kind of device a name of its own in nestling.targets.json.",
          },
        ];
      }),
    );
  if (problems.length > 0) throw new UserError("queue/target", problems);
}

const deviceOf = ({ cpu, executionProvider, threads }: Member["targets"][string]): string =>
  `${cpu}, ${executionProvider}, ${threads} thread${threads === 1 ? "" : "s"}`;
