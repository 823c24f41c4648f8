/** Work on many things, some at a time. */
import { availableParallelism } from "node:os";

/** Calls `work` with 0 … count − 1, at most one more at a time than there are cores. The first failure ends it. */
export async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(count, availableParallelism() + 1) }, worker));
}
