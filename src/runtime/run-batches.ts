/**
 * Runs a model over batches, several at a time, on threads of their own: onnxruntime shares the operators of a small model badly among cores, and
 * the thread that it runs on does nothing else meanwhile. The threads are the whole process's. They start with the first work that is worth it,
 * and a process with nothing else to do ends although they wait.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { freeMemory } from "../base/free-memory.js";
import { ask, startWorker } from "../base/worker.js";
import type { Batch, BatchOrder, BatchStart, Outputs } from "./batch-messages.js";
import { onnxruntime } from "./onnxruntime.js";
import { runBegins, runCount } from "./runs-on-threads.js";
import { openSession } from "./session.js";

/** What running all batches takes, about. */
export interface Work {
  /** Multiply-accumulates of all batches. */
  readonly macs: number;
  /** Bytes of the activations of one batch. */
  readonly batchBytes: number;
}

/** Multiply-accumulates that take about as long as threads take to start: fewer are done by one core. */
const FEW = 1e9;
const MOST_THREADS = 8;
/** Bytes that onnxruntime takes for each byte of activations: it lays them out anew for its kernels. */
const COPIES = 2;
/** Share of the free memory that all batches together may take. */
const ROOM = 1 / 4;

const idle: Worker[] = [];

/**
 * The outputs of each batch, in the batches' order.
 * @param atOnce batches that run at a time: by default, as many as cores and memory allow
 * @throws UserError `runtime/model` when onnxruntime refuses the model
 */
export async function* runBatches(
  bytes: Uint8Array,
  batches: AsyncIterable<Batch>,
  work: Work,
  atOnce?: number,
): AsyncGenerator<Outputs> {
  const isFew = work.macs < FEW;
  const count = atOnce ?? (isFew ? 1 : await countFor(work));
  yield* count > 1 ? runOnThreads(bytes, batches, count) : runHere(bytes, batches, isFew ? 1 : 0);
}

async function countFor({ batchBytes }: Work): Promise<number> {
  const room = ROOM * (await freeMemory());
  return Math.floor(Math.min(availableParallelism(), MOST_THREADS, room / (COPIES * batchBytes)));
}

/** @param threads onnxruntime's intra-op threads, 0 for all cores */
async function* runHere(bytes: Uint8Array, batches: AsyncIterable<Batch>, threads: number): AsyncGenerator<Outputs> {
  const session = await openSession(bytes, { threads });
  try {
    for await (const { input, dims } of batches) yield await session.run(input, dims);
  } finally {
    await session.release();
  }
}

async function* runOnThreads(bytes: Uint8Array, batches: AsyncIterable<Batch>, count: number): AsyncGenerator<Outputs> {
  // Fetched once where it is missing, not by each thread.
  await onnxruntime();
  const script = createRequire(import.meta.url).resolve("#batch-worker");
  const workers = Array.from(
    { length: count },
    () => idle.pop() ?? startWorker(script, { count: runCount() } satisfies BatchStart),
  );
  for (const worker of workers) worker.ref();
  const threads = Math.max(1, Math.floor(availableParallelism() / count));
  const opened = workers.map((worker) => ask(worker, { open: bytes, threads } satisfies BatchOrder));
  const running: Promise<Outputs>[] = [];
  try {
    await Promise.all(opened);
    let given = 0;
    for await (const batch of batches) {
      // They take turns, so the thread of the oldest batch is the one that is free next.
      if (running.length === count) yield await running.shift()!;
      runBegins();
      const outputs = ask<Outputs>(workers[given++ % count]!, { run: batch } satisfies BatchOrder);
      // Its failure is thrown where it is waited for, if it is.
      outputs.catch(() => undefined);
      running.push(outputs);
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    // onnxruntime's binding aborts the whole process where its thread is ended while it runs.
    await Promise.allSettled([...opened, ...running]);
    await Promise.all(workers.map(rest));
  }
}

/** The thread waits for the next model; one that can't even close its own has ended. */
async function rest(worker: Worker): Promise<void> {
  const isWell = await ask(worker, { close: true } satisfies BatchOrder).then(
    () => true,
    () => false,
  );
  worker.unref();
  if (isWell) idle.push(worker);
}
