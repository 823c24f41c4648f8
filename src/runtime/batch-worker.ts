/** A thread of run-batches.ts: runs one model after the other, each over batches. */
import { parentPort, workerData } from "node:worker_threads";
import { answerOrders } from "../base/worker.js";
import type { BatchOrder, BatchStart } from "./batch-messages.js";
import { runEnds } from "./runs-on-threads.js";
import { openSession, type Session } from "./session.js";

const { count } = workerData as BatchStart;
let session: Session | undefined;

answerOrders(parentPort!, async (given) => {
  const order = given as BatchOrder;
  if ("open" in order) session = await openSession(order.open, { threads: order.threads });
  else if ("run" in order) return session!.run(order.run.input, order.run.dims).finally(() => runEnds(count));
  else {
    // None where the model was refused.
    await session?.release();
    session = undefined;
  }
  return undefined;
});
