/** Questions to a worker thread and its answers: one after the other, a failure included. */
import type { MessagePort, Worker } from "node:worker_threads";

type Answered<Answer> =
  | { readonly kind: "done"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly message: string; readonly stack: string };

/**
 * Sends an order and waits for its answer.
 * @throws the worker's failure; an internal error where it ends without an answer
 */
export const ask = <Answer>(worker: Worker, order: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", answered).off("error", failed).off("exit", exited);
    };
    const answered = (said: Answered<Answer>): void => {
      settle();
      if (said.kind === "done") resolve(said.answer);
      else reject(new Error(said.message, { cause: said.stack }));
    };
    const failed = (error: Error): void => {
      settle();
      reject(error);
    };
    const exited = (code: number): void => failed(new Error(`internal: a training worker ended with code ${code}`));
    worker.on("message", answered).on("error", failed).on("exit", exited);
    worker.postMessage(order);
  });

/** On the worker's side: answers each order. */
export function answerOrders(port: MessagePort, answerTo: (order: unknown) => Promise<unknown>): void {
  const failed = ({ message, stack = "" }: Error): Answered<never> => ({ kind: "failed", message, stack });
  port.on("message", (order: unknown) => {
    void answerTo(order)
      .then((answer): Answered<unknown> => ({ kind: "done", answer }), failed)
      .then((said) => port.postMessage(said));
  });
}
