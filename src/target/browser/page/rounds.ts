/** Rounds on the page, one after the other, each sent as it ends. */
import { runRounds } from "../../run-rounds.js";
import type { PageRound, RoundsAsked } from "../protocol.js";
import type { Model } from "./model.js";
import type { Clock } from "./timer.js";

/** A model that was loaded again in the middle of a stretch is warmed up again. */
const WARM_UP_RUNS = 3;

export interface Contestant {
  readonly model: Model & { readonly loadMs: number };
  readonly input: Float32Array;
  readonly dims: readonly number[];
}

export interface RoundsHooks {
  /** Before each round, of so many runs: whether to run it. */
  readonly between: (runs: number) => Promise<boolean>;
  readonly onRound: (round: PageRound) => void;
}

export async function pageRounds(
  { runs, seed, forMs, atLeast, atMost, everyMs, done, sinceMs }: RoundsAsked,
  visits: readonly Contestant[],
  clock: Clock,
  { between, onRound }: RoundsHooks,
): Promise<void> {
  for (const { model, input, dims } of visits) {
    if (model.done === 0) await model.time(input, dims, WARM_UP_RUNS);
  }
  const began = clock.now() - sinceMs;
  const target = {
    get nowMs() {
      return clock.now();
    },
  };
  // Each round draws its own order, so that it is the same whether or not the page went away before it.
  for (let round = done, elapsedMs = sinceMs; round < atMost && (round < atLeast || elapsedMs < forMs); round++) {
    if (!(await between(runs * visits.length))) return;
    const atMs = clock.now() - began;
    const stretch = { visits, runs, seed: `${seed} ${round}`, forMs: 0, atLeast: 1, atMost: 1, everyMs };
    const [timed] = await runRounds(stretch, target);
    elapsedMs = clock.now() - began;
    onRound({ atMs, endMs: elapsedMs, times: timed!.times });
  }
}
