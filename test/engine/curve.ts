/** The loss curve of a short training of `fashion`: the same on every engine within tolerance, on one engine bit for bit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDataset } from "../../src/data/load.js";
import type { EngineName } from "../../src/engine/engine.js";
import { installCommand, locate } from "../../src/engine/tensorflow/locate.js";
import { loadSpace } from "../../src/space/load.js";
import { readLog } from "../../src/train/log.js";
import { recipeSchema } from "../../src/train/recipe.js";
import type { Execution } from "../../src/train/sandwich.js";
import { train } from "../../src/train/train.js";
import { checkpointBytes } from "../train/tiny.js";
import { findAdapter, howToGet } from "./tensorflow/webgpu/adapter.js";

const source = "fixtures/fashion-mnist";

/** Four norm groups of four images: work for four workers, and small. */
const recipe = recipeSchema.parse({
  name: "curve",
  batch: 16,
  normGroup: 4,
  sandwich: { random: 1 },
  learningRate: { perImage: 2e-4, warmupEpochs: 0 },
});

export interface Run {
  readonly engine: EngineName;
  readonly steps: number;
  readonly threads?: number;
  readonly execution?: Execution;
}

export interface Curve {
  /** Of each step: the biggest, the smallest and the random child. */
  readonly losses: readonly number[][];
  readonly checkpoint: Readonly<Record<string, string>>;
}

export async function curveOf({ threads = 1, ...run }: Run): Promise<Curve> {
  const out = await mkdtemp(join(tmpdir(), "nestling-curve-"));
  try {
    const [space, data] = await Promise.all([loadSpace("fashion"), loadDataset(source, { size: 28, channels: 1 })]);
    await train({ space, data, source, recipe, out, threads, seed: 3, ...run });
    const log = await readLog(join(out, "log.jsonl"));
    const losses = log.map((line) => [line.biggest, line.smallest, line.random].map((child) => child?.loss ?? 0));
    return { losses, checkpoint: await checkpointBytes(out) };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Largest |difference of losses| / (1 + loss) of two curves. */
export const apart = (one: Curve, other: Curve): number =>
  Math.max(
    ...one.losses.flatMap((line, step) =>
      line.map((loss, child) => Math.abs(loss - (other.losses[step]?.[child] ?? NaN)) / (1 + Math.abs(loss))),
    ),
  );

/** The engines beside wasm: those that work here, and what the others want. */
export async function otherEngines(): Promise<{ name: EngineName; missing?: string }[]> {
  const adapter = await findAdapter();
  return [
    locate("node").length > 0 ? { name: "node" } : { name: "node", missing: installCommand("node") },
    adapter.state === "present" ? { name: "webgpu" } : { name: "webgpu", missing: howToGet },
  ];
}
