/** Rounds on the device that holds the models; a target of another machine runs this there. */
import { permutation, random } from "../base/random.js";
import type { Stretch, TimedRound } from "./target.js";

/** The device's clock. */
export interface DeviceClock {
  readonly nowMs: number;
  /** Lets so many ms pass, in which the device does nothing; by a timer unless given. */
  idle?(ms: number): Promise<void>;
}

export async function runRounds(
  { visits, runs, seed, forMs, atLeast, atMost, everyMs, signal }: Stretch,
  clock: DeviceClock,
): Promise<TimedRound[]> {
  const began = clock.nowMs;
  const draw = random("orders", seed);
  const due = everyMs === undefined ? undefined : metronome(everyMs, clock);
  const rounds: TimedRound[] = [];
  while (rounds.length < atMost && (rounds.length < atLeast || clock.nowMs - began < forMs)) {
    const atMs = clock.nowMs - began;
    const times: (readonly number[])[] = [];
    for (const index of permutation(visits.length, draw)) {
      signal?.throwIfAborted();
      const { model, input, dims } = visits[index]!;
      const timed: number[] = [];
      if (!due) timed.push(...(await model.time(input, dims, runs)));
      else {
        // One by one: where a clock is coarse, `time` runs a loop.
        for (let run = 0; run < runs; run++) {
          await due();
          timed.push((await model.run(input, dims)).ms);
        }
      }
      times[index] = timed.slice(1);
    }
    rounds.push({ atMs, times });
  }
  return rounds;
}

/** Waits for the next beat. A run that ended later is followed at once; what was missed is dropped, as a camera drops pictures. */
function metronome(everyMs: number, clock: DeviceClock): () => Promise<void> {
  const idle = clock.idle?.bind(clock) ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  let next = clock.nowMs + everyMs;
  return async () => {
    const restMs = next - clock.nowMs;
    if (restMs > 0) await idle(restMs);
    next = Math.max(next + everyMs, clock.nowMs);
  };
}
