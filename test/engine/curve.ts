/**
 * The loss curve of a short training of `fashion`: equal within tolerance on every engine, and bit for bit on the same
 * engine.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDataset } from "../../src/data/load.js";
import type { EngineName } from "../../src/engine/engine.js";
import { installCommand, locate } from "../../src/engine/tensorflow/locate.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { readLog } from "../../src/train/log.js";
import { recipeSchema, type Recipe } from "../../src/train/recipe.js";
import type { Execution } from "../../src/train/task.js";
import { train } from "../../src/train/train.js";
import { checkpointBytes } from "../train/tiny.js";
import { plugins } from "./pjrt/plugins.js";
import { findAdapter, howToGet } from "./tensorflow/webgpu/adapter.js";

const source = "fixtures/fashion-mnist";

const recipeOf = (batch: number): Recipe =>
  recipeSchema.parse({
    name: "curve",
    batch,
    normGroup: 4,
    sandwich: { random: 1 },
    learningRate: { perImage: 2e-4, warmupEpochs: 0 },
  });

export interface Run {
  readonly engine: EngineName;
  readonly steps: number;
  readonly threads?: number;
  readonly execution?: Execution;
  /** In norm groups of four images; the default gives work to four workers. */
  readonly batch?: number;
}

export interface Curve {
  /** Losses of each step: the biggest, the smallest and the random child. */
  readonly losses: readonly number[][];
  readonly checkpoint: Readonly<Record<string, string>>;
}

export async function curveOf({ threads = 1, batch = 16, ...run }: Run): Promise<Curve> {
  const out = await mkdtemp(join(tmpdir(), "nestling-curve-"));
  try {
    const [space, data] = await Promise.all([loadSpace("fashion"), loadDataset(source, { size: 28, channels: 1 })]);
    await train({ space, data, source, recipe: recipeOf(batch), out, threads, seed: 3, ...run });
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

const EARLY = 5;
const WINDOW = 50;

/**
 * How much two curves of many steps differ, relative to 1 + loss as in `apart`. Each engine sums float32 in its own
 * order, and rounding accumulates over the steps: the first steps agree closely, later ones only in the mean.
 */
export function drift(one: Curve, other: Curve): { early: number; means: number } {
  const first = ({ losses, ...curve }: Curve): Curve => ({ ...curve, losses: losses.slice(0, EARLY) });
  const means = ({ losses, ...curve }: Curve): Curve => ({
    ...curve,
    losses: Array.from({ length: Math.floor(losses.length / WINDOW) }, (_, i) => {
      const window = losses.slice(i * WINDOW, (i + 1) * WINDOW);
      return losses[0]!.map((_, child) => window.reduce((sum, line) => sum + line[child]!, 0) / WINDOW);
    }),
  });
  return { early: apart(first(one), first(other)), means: apart(means(one), means(other)) };
}

/** Limits for `drift` over 200 steps: twice the measured values, which a wrong operator exceeds. */
export const TOLERANCE = { early: 5e-4, means: 0.02 };

export interface OtherEngine {
  readonly name: EngineName;
  /** What it needs, where it doesn't work. */
  readonly missing?: string;
}

/** The engines besides wasm. */
export async function otherEngines(): Promise<OtherEngine[]> {
  const adapter = await findAdapter();
  const plugin = plugins[0]!;
  return [
    locate("node").length > 0 ? { name: "node" } : { name: "node", missing: installCommand("node") },
    adapter.state === "present" ? { name: "webgpu" } : { name: "webgpu", missing: howToGet },
    plugin.missing ? { name: "pjrt", missing: plugin.howToGet } : { name: `pjrt:${plugin.path}` },
  ];
}
