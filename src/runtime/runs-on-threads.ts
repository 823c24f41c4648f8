/**
 * onnxruntime's binding aborts the whole process where a thread is ended while it runs there. So a process that exits, whoever ends it,
 * waits for the runs on its threads.
 */

/** Longer than any run of a batch; a thread that has ended in the midst of one is waited for in vain. */
const MOST_MS = 20_000;

/** The number of runs that threads were asked for and haven't done, in shared memory. */
export type RunCount = Int32Array<SharedArrayBuffer>;

const count: RunCount = new Int32Array(new SharedArrayBuffer(4));
let isWatched = false;

/** For a thread's data. */
export function runCount(): RunCount {
  if (!isWatched) process.on("exit", waitForRuns);
  isWatched = true;
  return count;
}

/** Before a thread is asked for a run. */
export const runBegins = (): void => void Atomics.add(count, 0, 1);

/** On the thread, after it. */
export function runEnds(shared: RunCount): void {
  Atomics.sub(shared, 0, 1);
  Atomics.notify(shared, 0);
}

function waitForRuns(): void {
  for (let left = Atomics.load(count, 0); left > 0; left = Atomics.load(count, 0)) {
    if (Atomics.wait(count, 0, left, MOST_MS) === "timed-out") return;
  }
}
