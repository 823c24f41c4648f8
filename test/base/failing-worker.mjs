/** A worker thread of the test of worker.ts: fails at its start, or by an order, or ends. */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../../dist/base/user-error.js";
import { answerOrders } from "../../dist/base/worker.js";

const mistake = () =>
  new UserError("engine/memory", { at: "the device's memory", got: "too small", want: "more", fix: "Buy some." });

if (workerData.when === "start") throw mistake();
answerOrders(parentPort, async ({ order }) => {
  if (order === "mistake") throw mistake();
  if (order === "bug") throw new Error("internal: a bug");
  if (order === "end") process.exit(3);
  return order;
});
