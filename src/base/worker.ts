/** Questions to a worker thread and its answers: one after the other, a failure included. */
import { Worker, type MessagePort, type WorkerOptions } from "node:worker_threads";
import { UserError, type ErrorCode, type Problem } from "./user-error.js";

/** An error as it passes from thread to thread, which takes its class away. */
interface Failure {
  readonly message: string;
  readonly stack?: string;
  /** A mistake of the user's has these two. */
  readonly code?: ErrorCode;
  readonly problems?: readonly Problem[];
}

type Answered<Answer> =
  { readonly kind: "done"; readonly answer: Answer } | { readonly kind: "failed"; readonly failure: Failure };

type HandedOver = Float32Array | Uint8Array;

const buffersOf = (arrays: readonly HandedOver[]): ArrayBuffer[] => arrays.map(({ buffer }) => buffer as ArrayBuffer);

const failures = new WeakMap<Worker, Error>();

/** A thread that runs a file, whatever the process runs: with `node --input-type=module -e …`, threads would refuse theirs. */
export const newThread = (script: string, options: WorkerOptions = {}): Worker =>
  new Worker(script, { ...options, execArgv: process.execArgv.filter((flag) => !flag.startsWith("--input-type")) });

/**
 * Starts a worker thread. If it fails or ends before it is asked, a question is answered so.
 * @param handedOver arrays in its data whose memory is the worker's from now on, and not copied
 */
export function startWorker(script: string, workerData: object, handedOver: readonly HandedOver[] = []): Worker {
  const worker = newThread(script, { workerData, transferList: buffersOf(handedOver) });
  return worker
    .on("error", (error) => failures.set(worker, errorOf(error)))
    .on("exit", (code) => failures.set(worker, failures.get(worker) ?? ended(code)));
}

/**
 * Sends an order and waits for its answer.
 * @param handedOver arrays in the order whose memory is the worker's from now on, and not copied
 * @throws the worker's failure; an internal error where it ends without an answer
 */
export const ask = <Answer>(worker: Worker, order: object, handedOver: readonly HandedOver[] = []): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", answered).off("error", failed).off("exit", exited);
    };
    const answered = (said: Answered<Answer>): void => {
      settle();
      if (said.kind === "done") resolve(said.answer);
      else reject(errorOf(said.failure));
    };
    const failed = (failure: Failure): void => {
      settle();
      reject(errorOf(failure));
    };
    const exited = (code: number): void => {
      settle();
      reject(ended(code));
    };
    const before = failures.get(worker);
    if (before) reject(before);
    else
      worker.on("message", answered).on("error", failed).on("exit", exited).postMessage(order, buffersOf(handedOver));
  });

const ended = (code: number): Error => new Error(`internal: a worker thread ended with code ${code}`);

function errorOf({ code, problems, message, stack }: Failure): Error {
  const cause = { cause: stack };
  return code !== undefined && problems ? new UserError(code, problems, cause) : new Error(message, cause);
}

/** On the worker's side: answers each order. */
export function answerOrders(port: MessagePort, answerTo: (order: unknown) => Promise<unknown>): void {
  const failed = (error: Error): Answered<never> => {
    const { message, stack = "" } = error;
    const mistake = error instanceof UserError && { code: error.code, problems: error.problems };
    return { kind: "failed", failure: { message, stack, ...mistake } };
  };
  port.on("message", (order: unknown) => {
    void answerTo(order)
      .then((answer): Answered<unknown> => ({ kind: "done", answer }), failed)
      .then((said) => port.postMessage(said));
  });
}
