/** Rounds on the device that holds the models; a target of another machine runs this there. */
import { permutation, random } from "../base/random.js";
import type { Stretch, Target, TimedRound } from "./target.js";

/** @param clock the device's, in ms */
export async function runRounds(
  { visits, runs, seed, forMs, atLeast, atMost, signal }: Stretch,
  clock: Pick<Target, "nowMs">,
): Promise<TimedRound[]> {
  const began = clock.nowMs;
  const draw = random("orders", seed);
  const rounds: TimedRound[] = [];
  while (rounds.length < atMost && (rounds.length < atLeast || clock.nowMs - began < forMs)) {
    signal?.throwIfAborted();
    const atMs = clock.nowMs - began;
    const times: (readonly number[])[] = [];
    for (const index of permutation(visits.length, draw)) {
      const { model, input, dims } = visits[index]!;
      times[index] = (await model.time(input, dims, runs)).slice(1);
    }
    rounds.push({ atMs, times });
  }
  return rounds;
}
