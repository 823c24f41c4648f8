/**
 * Chooses among several ways to do a step, each a child: by accuracy on images set aside, and among those that it can't tell apart, by how near
 * the logits are to those of the child before the step.
 */
import { batchesOf, type LabelledBlock } from "../data/image-block.js";
import type { Child } from "./child.js";
import { outputsOver } from "./outputs-over.js";
import type { Tried } from "./pass.js";

const BATCH = 100;
/** Ways that differ by no more of the images are equally right: 5 of 1,000, which is chance. */
const SAME = 0.005;

export async function chooseWay(
  ways: ReadonlyMap<string, Child>,
  before: Child,
  images: LabelledBlock,
): Promise<readonly Tried[]> {
  const wanted = await logitsOf(before, images);
  const tried: Omit<Tried, "isTaken">[] = [];
  for (const [way, child] of ways) {
    const logits = await logitsOf(child, images);
    const correct = rightOf(logits, images.labels).filter(Boolean).length;
    tried.push({ way, correct, images: images.count, difference: differenceOf(logits, wanted) });
  }
  const most = tried.reduce((max, { correct }) => Math.max(max, correct), 0);
  const asRight = tried.filter(({ correct }) => correct >= most - SAME * images.count);
  const [best] = asRight.sort((a, b) => a.difference - b.difference);
  return tried.map((one) => ({ ...one, isTaken: one === best }));
}

/** The logits of each image in turn. */
export async function logitsOf(child: Child, block: LabelledBlock): Promise<Float32Array> {
  const logits = child.graph.outputs[0]!.name;
  const parts: Float32Array[] = [];
  for await (const { outputs } of outputsOver(child, block, batchesOf(block.count, BATCH))) {
    parts.push(outputs.get(logits)!);
  }
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Whether each image's largest logit is its label's. */
export function rightOf(logits: Float32Array, labels: ArrayLike<number>): boolean[] {
  const classes = logits.length / labels.length;
  return Array.from(labels, (label, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    return own.every((value, c) => c === label || value < own[label]!);
  });
}

/** Root of the mean squared difference. */
export const differenceOf = (logits: Float32Array, wanted: Float32Array): number =>
  Math.sqrt(logits.reduce((sum, value, i) => sum + (value - wanted[i]!) ** 2, 0) / logits.length);
