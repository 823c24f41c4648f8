/**
 * Tests whether a TensorFlow engine works here. Loads it in a separate process, so that a broken build gives a message,
 * not a crash.
 */
import type { Inspection } from "../engine-kind.js";
import { checkBuild } from "./check.js";
import type { TensorflowEngine } from "./installed.js";
import { installCommand, locate } from "./locate.js";

export async function inspectBuild(engine: TensorflowEngine): Promise<Inspection> {
  const [main] = locate(engine);
  if (main === undefined) return { works: false, detail: `to install it: ${installCommand(engine)}` };
  const outcome = await checkBuild(engine, main);
  if (outcome.kind === "fails")
    return { works: false, detail: `${main}: ${outcome.reason}; ${installCommand(engine)}` };
  const { version, gpu } = outcome.check;
  const where = `TensorFlow ${version}, ${main}`;
  if (engine === "node") return { works: true, detail: where };
  return { works: gpu, detail: `${where}; ${gpu ? "it sees the GPU" : "it sees no GPU with a CUDA 12 driver"}` };
}
