/** A stretch of rounds on an agent, in parts of about a second, so that a signal ends it soon and no answer is long. */
import type { Stretch, TimedRound } from "../target.js";
import type { RoundsAnswer, RoundsRequest } from "./protocol.js";
import type { RemoteSession } from "./remote-session.js";

const PART_MS = 1000;
/** What a request may ask for. */
const MOST_OF_PART = 10_000;

/** @param models of the visits, by the agent's numbers */
export async function remoteRounds(
  session: RemoteSession,
  { visits, runs, seed, forMs, atLeast, atMost, everyMs, signal }: Stretch,
  models: readonly { readonly model: number; readonly dims: readonly number[] }[],
): Promise<TimedRound[]> {
  const inputs = visits.map(({ input }) => input);
  const rounds: TimedRound[] = [];
  let began: number | undefined;
  let elapsedMs = 0;
  for (let part = 0; ; part++) {
    signal?.throwIfAborted();
    const isDone = rounds.length >= atMost || (rounds.length >= atLeast && elapsedMs >= forMs);
    if (isDone) return rounds;
    const answer = await session.withInputs(inputs, (hashes) => {
      const request: RoundsRequest = {
        visits: models.map(({ model, dims }, i) => ({ model, dims: [...dims], input: hashes[i]! })),
        runs,
        seed: `${seed} ${part}`,
        forMs: Math.max(0, Math.min(PART_MS, forMs - elapsedMs)),
        atLeast: 1,
        atMost: Math.min(atMost - rounds.length, MOST_OF_PART),
        ...(everyMs !== undefined && { everyMs }),
      };
      return session.postJson<RoundsAnswer>("/rounds", request, signal);
    });
    began ??= answer.beganMs;
    for (const { atMs, times } of answer.rounds) rounds.push({ atMs: answer.beganMs - began + atMs, times });
    elapsedMs = answer.endedMs - began;
  }
}
