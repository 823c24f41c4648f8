/** Times many children on one target: in passes, each of which screens all of them in small sessions that are drawn anew. */
import { permutation, random } from "../../base/random.js";
import { UserError } from "../../base/user-error.js";
import type { LatencyBench } from "../../evaluate/latency.js";
import type { Timed } from "../../evaluate/session.js";
import { polish, type Figure, type Polished } from "./polish.js";

/** Models loaded at once: enough to tell a session's speed by, and few enough for a phone's memory. */
const SESSION = 10;
/** Fewer passes can't tell a disturbed figure from the others. */
const FEWEST_PASSES = 3;
/** Keeps it finite on a target whose clock never moves. */
const MOST_PASSES = 100;

/** How long children are timed, and who hears of it meanwhile. */
export interface Passes {
  /** By the clock of the target. A pass that has begun is ended. */
  readonly seconds: number;
  readonly nowMs: () => number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onSession?: ((passes: number, seconds: number) => void) | undefined;
}

/** What was measured, in the order of the children. */
export interface MeasuredChildren extends Polished {
  readonly passes: number;
  readonly seconds: number;
}

/**
 * @param children how each is made ready to be timed, when its turn comes
 * @throws UserError `search/profile-clock` where the target's clock is too coarse for a child
 */
export async function measureChildren(
  bench: LatencyBench,
  children: readonly (() => Promise<Timed>)[],
  { seconds, nowMs, seed, signal, onSession }: Passes,
): Promise<MeasuredChildren> {
  const began = nowMs();
  const figures: Figure[] = [];
  const elapsed = (): number => (nowMs() - began) / 1000;
  let session = 0;
  let passes = 0;
  while (passes < FEWEST_PASSES || (elapsed() < seconds && passes < MOST_PASSES)) {
    const order = permutation(children.length, random(seed, "pass", passes));
    for (const group of inGroups([...order])) {
      signal?.throwIfAborted();
      const timed: Timed[] = [];
      for (const child of group) timed.push(await children[child]!());
      const latencies = await bench.measure(timed, "screen");
      for (const [i, { name, undisturbedMs }] of latencies.entries()) {
        if (!(undisturbedMs > 0 && Number.isFinite(undisturbedMs))) throw tooCoarse(bench.target, name);
        figures.push({ child: group[i]!, session, ms: undisturbedMs });
      }
      session++;
      onSession?.(passes, elapsed());
    }
    passes++;
  }
  return { ...polish(figures), passes, seconds: elapsed() };
}

/** Groups of nearly equal size: one child alone in a session would say nothing of that session. */
function inGroups(order: readonly number[]): readonly (readonly number[])[] {
  const count = Math.ceil(order.length / SESSION);
  return Array.from({ length: count }, (_, i) =>
    order.slice(Math.floor((i * order.length) / count), Math.floor(((i + 1) * order.length) / count)),
  );
}

const tooCoarse = (target: string, child: string): UserError =>
  new UserError("search/profile-clock", {
    at: `child ${child} on ${target}`,
    got: "faster than the target's clock can tell",
    want: "a latency above 0 ms",
    fix: "In a browser, open the page by https or on localhost, where its clock is fine; else profile a space of larger children.",
  });
