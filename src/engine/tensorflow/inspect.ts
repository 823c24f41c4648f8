/** What `doctor` says of the TensorFlow engines: loaded in processes of their own, so that a broken build is a line and no crash. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { checkBuild } from "./check.js";
import type { TensorflowEngine } from "./installed.js";
import { installCommand, locate } from "./locate.js";

export interface Inspection {
  readonly works: boolean;
  readonly detail: string;
}

export async function inspectEngine(engine: TensorflowEngine): Promise<Inspection> {
  const [main] = locate(engine);
  if (main === undefined) return { works: false, detail: `to have it: ${installCommand(engine)}` };
  const outcome = await checkBuild(engine, main);
  if (outcome.kind === "fails")
    return { works: false, detail: `${main}: ${outcome.reason}; ${installCommand(engine)}` };
  const { version, gpu } = outcome.check;
  const where = `TensorFlow ${version}, ${main}`;
  if (engine === "node") return { works: true, detail: where };
  return { works: gpu, detail: `${where}; ${gpu ? "it sees the GPU" : "it sees no GPU with a CUDA 12 driver"}` };
}

/** NVIDIA's GPUs with their drivers; none without a driver. */
export const listGpus = (): Promise<string[]> =>
  promisify(execFile)("nvidia-smi", ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]).then(
    ({ stdout }) => stdout.trim().split("\n"),
    () => [],
  );
