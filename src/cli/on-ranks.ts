/** A command's work on every rank of an MPI job: rank 0 speaks, and a failure is said once and ends all. */
import { hostname } from "node:os";
import { FailedTogether } from "../ranks/agree.js";
import { openRanks } from "../ranks/open-mpi.js";
import { alone, type Ranks } from "../ranks/ranks.js";
import type { CommonOptions } from "./options.js";
import { noProgress, output, reportError, type Output } from "./output.js";

export async function onRanks({ json = false, debug = false }: CommonOptions, work: Work): Promise<void> {
  const ranks = openRanks();
  const terminal = ranks.rank === 0 ? output(json) : silent;
  if (ranks === alone) {
    await work(ranks, terminal);
    return;
  }
  try {
    await work(ranks, terminal);
  } catch (error) {
    if (!(error instanceof FailedTogether)) {
      // The others wait in a collective call, or will: only the end of the job reaches them.
      const prefix = `On ${hostname()}, rank ${ranks.rank} of ${ranks.size}: `;
      ranks.abort(reportError(error, { json, debug, prefix }));
      return;
    }
    if (error.spoken !== undefined) reportError(error.spoken, { json, debug });
    process.exitCode = error.exitCode;
  }
  ranks.leave();
}

type Work = (ranks: Ranks, terminal: Output) => Promise<void>;

const silent: Output = {
  result: () => undefined,
  note: () => undefined,
  progress: () => noProgress,
  reading: () => noProgress,
};

/** Says once what every rank found in the same arguments. mpirun ends a job when one rank has gone, so all wait for the speaker. */
export function sayOnce(say: () => void): void {
  const ranks = openRanks();
  if (ranks.rank === 0) say();
  ranks.leave();
}
