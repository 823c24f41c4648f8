/** The tiny run that the training tests share: a small elastic space on the Fashion-MNIST fixture, in folders that vanish. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { FileEntry } from "../../src/checkpoint/checkpoint-file.js";
import { loadDataset } from "../../src/data/load.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { readLog, type LogLine } from "../../src/train/log.js";
import { recipeSchema, type Recipe } from "../../src/train/recipe.js";
import { train, type TrainOptions, type TrainResult } from "../../src/train/train.js";

export const source = "fixtures/fashion-mnist";
export const tinySpace = await loadSpace("fixtures/spaces/tiny.json");
export const images = await loadDataset(source, { size: 12, channels: 1 });

/** Four norm groups a step and every technique on, so that nothing is equal because it never acts. */
export const tinyRecipeData = {
  name: "tiny",
  batch: 32,
  normGroup: 8,
  dropout: 0.2,
  weightDecay: 1e-3,
  clipNorm: 5,
  learningRate: { perImage: 2e-4, warmupEpochs: 0 },
  augmentation: { crop: 1, flip: true },
} as const;

export const tinyRecipe = (changes: Record<string, unknown> = {}): Recipe =>
  recipeSchema.parse({ ...tinyRecipeData, ...changes });

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nestling-train-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TinyOptions extends Partial<Omit<TrainOptions, "recipe">> {
  readonly recipe?: Record<string, unknown>;
}

export const trainTiny = async ({ recipe, out, ...options }: TinyOptions): Promise<TrainResult> =>
  train({
    space: tinySpace,
    data: images,
    source,
    recipe: tinyRecipe(recipe),
    out: out ?? (await temporaryFolder()),
    threads: 1,
    seed: 7,
    ...options,
  });

/** The bytes of a run's checkpoint files by name, as hex. */
export async function checkpointBytes(out: string): Promise<Record<string, string>> {
  const folder = join(out, "checkpoint");
  const json = await readFile(join(folder, "checkpoint.json"), "utf8");
  const { weights, training } = JSON.parse(json) as { weights: FileEntry; training: { optimizer: FileEntry } };
  const hex = async ({ file }: FileEntry): Promise<string> => (await readFile(join(folder, file))).toString("hex");
  return { json, weights: await hex(weights), optimizer: await hex(training.optimizer) };
}

/** The log without what depends on the machine's speed. */
export async function logOf(out: string): Promise<Omit<LogLine, "imagesPerSecond" | "waited">[]> {
  return (await readLog(join(out, "log.jsonl"))).map(({ imagesPerSecond: _, waited: __, ...line }) => line);
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
