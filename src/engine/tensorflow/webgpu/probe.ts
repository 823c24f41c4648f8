/** The probe's process: opens the GPU, computes with it and prints the outcome, a `Probe` as JSON. */
import { UserError } from "../../../base/user-error.js";
import { openWebgpu } from "./load.js";
import type { Probe } from "./probe-process.js";

async function probe(): Promise<Probe> {
  try {
    const { tf, device, description } = await openWebgpu();
    const [sum] = await tf.sum(tf.tensor1d([1, 2, 3])).data<"float32">();
    tf.removeBackend("webgpu");
    device.destroy();
    return sum === 6 ? { state: "present", description } : { state: "missing", got: `a GPU that adds to ${sum}` };
  } catch (error) {
    const { problems, message } = error as Partial<UserError> & Error;
    const { got = message, want, fix } = problems?.[0] ?? {};
    return { state: "missing", got: String(got), ...(want && fix ? { want, fix } : {}) };
  }
}

process.stdout.write(JSON.stringify(await probe()));
