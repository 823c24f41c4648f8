/** Accuracy of a model on a target, with its 95 % interval; image by image, so that a search can stop when it has seen enough. */
import { batchesOf, readBatches, type ImageBatch, type ImageBlock, type LabelledBlock } from "../data/image-block.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { localTarget } from "../target/local.js";
import { withModel, type LoadedModel } from "../target/target.js";

/** How many images a model gets right, and how sure that is. */
export interface Accuracy {
  /** Images whose largest logit is their label's. */
  readonly correct: number;
  /** Images judged. */
  readonly count: number;
  /** correct / count, 0 to 1. */
  readonly accuracy: number;
  /** Wilson score interval, 95 %. */
  readonly accuracyInterval: readonly [low: number, high: number];
}

const BATCH = 128;
/** 97.5 % quantile of the normal distribution. */
const Z95 = 1.959964;

/** Wilson's interval: sound near 0 and 1, where the normal one is not. */
export function wilson(correct: number, count: number, z = Z95): [low: number, high: number] {
  if (count === 0) return [0, 1];
  const p = correct / count;
  const centre = p + z ** 2 / (2 * count);
  const spread = z * Math.sqrt((p * (1 - p) + z ** 2 / (4 * count)) / count);
  const scale = 1 + z ** 2 / count;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

export const accuracyOf = (correct: number, count: number): Accuracy => ({
  correct,
  count,
  accuracy: count === 0 ? 0 : correct / count,
  accuracyInterval: wilson(correct, count),
});

/** Logits of all images [count × classes], a batch at a time. */
export async function* logitsOf(
  model: LoadedModel,
  block: ImageBlock,
): AsyncGenerator<{ from: number; logits: Float32Array; rows: number }> {
  for await (const batch of readBatches(block, batchesOf(block.count, BATCH))) {
    yield { from: batch.from, rows: batch.count, logits: await logitsOn(model, batch, block) };
  }
}

async function logitsOn(
  model: LoadedModel,
  { images, count }: ImageBatch,
  { channels, resolution }: ImageBlock,
): Promise<Float32Array> {
  const input = toChannelsFirst(images, count, channels);
  const { outputs } = await model.run(input, [count, channels, resolution, resolution]);
  return outputs.get("logits") ?? [...outputs.values()][0]!;
}

/** Index of the largest value of each row. */
export function topOne(logits: Float32Array, rows: number): number[] {
  const classes = logits.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[row * classes + c]! > logits[row * classes + best]!) best = c;
    return best;
  });
}

/**
 * Accuracy so far, after every batch; the last is final. The images come in the order given: shuffle them before.
 */
export async function* accuracySoFar(model: LoadedModel, data: LabelledBlock): AsyncGenerator<Accuracy> {
  let correct = 0;
  for await (const { from, rows, logits } of logitsOf(model, data)) {
    topOne(logits, rows).forEach((top, row) => {
      if (top === data.labels[from + row]) correct++;
    });
    yield accuracyOf(correct, from + rows);
  }
}

/**
 * Accuracy over all the images.
 * @param model loaded on any target, or the bytes of an .onnx file, which runs on all cores of this machine
 * @throws UserError `runtime/model` where onnxruntime refuses the bytes, or what the target throws: `target/…`
 */
export async function measureAccuracy(model: LoadedModel | Uint8Array, data: LabelledBlock): Promise<Accuracy> {
  if (model instanceof Uint8Array) {
    return withModel(localTarget({ threads: 0 }), model, (loaded) => measureAccuracy(loaded, data));
  }
  let last = accuracyOf(0, 0);
  for await (const accuracy of accuracySoFar(model, data)) last = accuracy;
  return last;
}

export interface Comparison {
  /** Largest |a − b| over all logits. */
  readonly maxDifference: number;
  /** Largest |logit| of the first model: what the tolerance scales with. */
  readonly maxLogit: number;
  /** Share of images with the same top-1. */
  readonly sameTopOne: number;
}

/** Two models on the same images, each on its own target. */
export async function compareModels(first: LoadedModel, second: LoadedModel, block: ImageBlock): Promise<Comparison> {
  let [maxDifference, maxLogit, same] = [0, 0, 0];
  for await (const batch of readBatches(block, batchesOf(block.count, BATCH))) {
    const logits = await logitsOn(first, batch, block);
    const right = await logitsOn(second, batch, block);
    logits.forEach((value, i) => {
      maxLogit = Math.max(maxLogit, Math.abs(value));
      maxDifference = Math.max(maxDifference, Math.abs(value - right[i]!));
    });
    const tops = topOne(right, batch.count);
    topOne(logits, batch.count).forEach((top, row) => {
      if (top === tops[row]) same++;
    });
  }
  return { maxDifference, maxLogit, sameTopOne: same / block.count };
}
