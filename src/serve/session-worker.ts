/** A thread with one model's session: onnxruntime's `run` keeps its thread busy, and requests are read and answered meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../base/user-error.js";
import { runEnds } from "../runtime/runs-on-threads.js";
import { openSession, type Session } from "../runtime/session.js";
import type { RunOrder, SessionAnswer, SessionThread } from "./session-messages.js";

const { bytes, shape, fixedBatch, threads, count } = workerData as SessionThread;
const each = shape.reduce((product, size) => product * size, 1);
const say = (answer: SessionAnswer, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(answer, transfer);

/** A fixed batch is filled up with zeros: no image's logits depend on another's. */
async function logitsOf(session: Session, input: Float32Array, images: number): Promise<Float32Array<ArrayBuffer>> {
  const batch = fixedBatch ?? images;
  const values = input.subarray(0, batch * each).fill(0, images * each);
  const outputs = await session.run(values, [batch, ...shape]);
  const logits = outputs.get("logits")!;
  return logits.slice(0, (logits.length / batch) * images);
}

async function carryOut(session: Session, { id, input, images }: RunOrder): Promise<void> {
  try {
    const began = performance.now();
    const logits = await logitsOf(session, input, images).finally(() => runEnds(count));
    say({ id, input, logits, ms: performance.now() - began }, [input.buffer, logits.buffer]);
  } catch (error) {
    say({ id, failure: (error as Error).message });
  }
}

try {
  const session = await openSession(bytes, { threads }, "the model");
  // The first run prepares memory and takes longer than those that follow.
  const images = fixedBatch ?? 1;
  await logitsOf(session, new Float32Array(images * each), images);
  parentPort!.on("message", (order: RunOrder) => void carryOut(session, order));
  say({ loaded: true });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  say({ refused: { code: error.code, problems: error.problems } });
}
