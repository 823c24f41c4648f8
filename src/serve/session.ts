/** A model's session on a thread of its own. */
import { once } from "node:events";
import { createRequire } from "node:module";
import { UserError } from "../base/user-error.js";
import { newThread } from "../base/worker.js";
import { runBegins, runCount } from "../runtime/runs-on-threads.js";
import type { BatchRun } from "./batcher.js";
import type { RunOrder, SessionAnswer, SessionStart, SessionThread } from "./session-messages.js";

export interface ServedSession {
  readonly run: BatchRun;
  /** Rejects when the thread ends: nothing can be run any more. */
  readonly failed: Promise<never>;
  /** What is begun is run to its end. */
  close(): Promise<void>;
}

type Settle = Parameters<ConstructorParameters<typeof Promise<Awaited<ReturnType<BatchRun>>>>[0]>;

/**
 * @param onRun is given the images of each run, and the ms that it took
 * @throws UserError `runtime/model` where onnxruntime refuses the file
 */
export async function startSession(
  start: SessionStart,
  onRun: (images: number, ms: number) => void,
): Promise<ServedSession> {
  const workerData: SessionThread = { ...start, count: runCount() };
  const worker = newThread(createRequire(import.meta.url).resolve("#session-worker"), { workerData });
  const running = new Map<number, { readonly settle: Settle; readonly images: number }>();
  let next = 0;
  let isClosing = false;
  const failed = new Promise<never>((_, reject) => {
    const fail = (error: Error): void => {
      for (const { settle } of running.values()) settle[1](error);
      running.clear();
      reject(error);
    };
    worker.once("error", fail);
    worker.once("exit", (code) => fail(new Error(`internal: the session's thread ended with code ${code}`)));
  });
  failed.catch(() => undefined);
  // A thread can end before it says anything, and without an error: then there is no message to wait for.
  const [first] = (await Promise.race([once(worker, "message"), failed])) as [SessionAnswer];
  if ("refused" in first) {
    await worker.terminate();
    throw new UserError(first.refused.code, first.refused.problems);
  }
  worker.on("message", (answer: SessionAnswer) => {
    if (!("id" in answer)) return;
    const { settle, images } = running.get(answer.id)!;
    running.delete(answer.id);
    const [resolve, reject] = settle;
    if ("failure" in answer) {
      reject(new Error(`onnxruntime: ${answer.failure}`));
      return;
    }
    onRun(images, answer.ms);
    resolve(answer);
  });
  return {
    failed,
    run: (input, images) =>
      new Promise((resolve, reject) => {
        if (isClosing) {
          reject(new Error("the server is stopping"));
          return;
        }
        const id = next++;
        runBegins();
        running.set(id, { settle: [resolve, reject], images });
        worker.postMessage({ id, input, images } satisfies RunOrder, [input.buffer]);
      }),
    async close() {
      isClosing = true;
      // onnxruntime's binding aborts the whole process where its thread is ended while it runs.
      while (running.size > 0) await Promise.race([once(worker, "message"), failed]).catch(() => undefined);
      await worker.terminate();
    },
  };
}
