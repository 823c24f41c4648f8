/**
 * What may fail on one rank and not on another is done before the ranks wait for each other, and agreed on: either it worked
 * everywhere, or every rank fails, and one of them says why.
 */
import { hostname } from "node:os";
import { sha256Of } from "../base/hash.js";
import { UserError } from "../base/user-error.js";
import { alone, type Ranks } from "./ranks.js";

/** Thrown on every rank where agreed work failed on one. */
export class FailedTogether extends Error {
  /** @param spoken the failure, on the one rank that is to speak of it */
  constructor(
    readonly exitCode: number,
    readonly spoken: unknown,
  ) {
    super("internal: the ranks failed together");
  }
}

/** Does the work; @throws FailedTogether where it failed on any rank, and the plain error where this process is alone. */
export async function agree<T>(ranks: Ranks, work: () => T | Promise<T>): Promise<T> {
  if (ranks === alone) return work();
  const outcome = await Promise.resolve()
    .then(work)
    .then(
      (value) => ({ exitCode: 0, value }) as const,
      (error: unknown) => ({ exitCode: error instanceof UserError ? 2 : 1, error }) as const,
    );
  const exitCodes = new Float64Array(ranks.size);
  exitCodes[ranks.rank] = outcome.exitCode;
  ranks.gather(exitCodes, Array<number>(ranks.size).fill(1));
  const first = exitCodes.findIndex((exitCode) => exitCode !== 0);
  if (first === -1 && "value" in outcome) return outcome.value;
  const spoken = first === ranks.rank && "error" in outcome ? outcome.error : undefined;
  throw new FailedTogether(exitCodes[first]!, spoken);
}

/**
 * Every rank must have been given the same.
 * @param things by name, as text
 * @throws UserError `ranks/differ` on a rank that has another than rank 0
 */
export function checkSameEverywhere(ranks: Ranks, things: Readonly<Record<string, string>>): void {
  const names = Object.keys(things);
  const hashes = new Float64Array(ranks.size * names.length);
  const own = names.map((name) => firstDigitsOf(sha256Of(things[name]!)));
  hashes.set(own, ranks.rank * names.length);
  ranks.gather(hashes, Array<number>(ranks.size).fill(names.length));
  const problems = names
    .filter((_, i) => own[i] !== hashes[i])
    .map((name) => ({
      at: `${name} on ${hostname()}, rank ${ranks.rank}`,
      got: "another than rank 0's",
      want: "the same on every rank",
      fix: "Give every machine the same nestling, files and kind of CPU.",
    }));
  if (problems.length > 0) throw new UserError("ranks/differ", problems);
}

/** 48 bits, which a float64 holds exactly. */
const firstDigitsOf = (hash: string): number => parseInt(hash.slice(0, 12), 16);
