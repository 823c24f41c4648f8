/**
 * Limits what quantisation loses: layers are ranked by the harm that they do, and the worst stay in float32 until the child loses no more than
 * is allowed on images set aside.
 *
 *   harm = 1 − (e / e₀)²,   e the error of the logits with the layer alone in float32, e₀ with none
 *
 * The ranking needs no labels and few images. The loss is a difference on the same images: with b that only the child before the step gets right and c that
 * only the quantised one does, of n, it is (b − c) / n, and chance moves it by 1.96 · √(b + c − (b − c)² / n) / n either way (95 %).
 */
import type { LabelledBlock } from "../data/image-block.js";
import type { Child } from "./child.js";
import { differenceOf, logitsOf, rightOf } from "./choose-way.js";
import type { Loss, Outcome } from "./pass.js";
import { layersOf, type Kept } from "./places.js";

/** Images that layers are ranked by. */
const RANKED_BY = 200;
/** Share of the layers that may stay in float32: a child with more is hardly int8. */
const MOST_KEPT = 0.5;
/** 97.5 % quantile of the normal distribution. */
const Z95 = 1.959964;

/**
 * @param taken the step's outcome with all layers quantised
 * @param keeping the same with some layers in float32
 * @param most points of accuracy that may be lost
 * @returns an outcome with its loss: that of the most layers in float32 where none loses so little
 */
export async function spareLayers(
  taken: Outcome,
  keeping: (kept: Kept) => Outcome,
  { before, images, most }: { readonly before: Child; readonly images: LabelledBlock; readonly most: number },
): Promise<Outcome> {
  const wanted = rightOf(await logitsOf(before, images), images.labels);
  const withLoss = async (outcome: Outcome): Promise<Outcome & { readonly loss: Loss }> => {
    const right = rightOf(await logitsOf(outcome.child, images), images.labels);
    return { ...outcome, loss: { ...lossOf(wanted, right), most } };
  };
  let found = await withLoss(taken);
  if (found.loss.points <= most) return found;
  const ranked = await rankedByHarm(taken.child, keeping, before, firstOf(images, RANKED_BY));
  for (const count of countsTo(Math.floor(MOST_KEPT * ranked.length))) {
    found = await withLoss(keeping(new Map(ranked.slice(0, count))));
    if (found.loss.points <= most) break;
  }
  return found;
}

/** 1, 2, 3, 4, 6, 9 …: half as many more each time. */
function countsTo(most: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < most; count = Math.max(count + 1, Math.floor(1.5 * count))) counts.push(count);
  return most > 0 ? [...counts, most] : counts;
}

/** All layers, the most harmful first, with their harm in words. */
async function rankedByHarm(
  quantized: Child,
  keeping: (kept: Kept) => Outcome,
  before: Child,
  images: LabelledBlock,
): Promise<(readonly [layer: string, why: string])[]> {
  const wanted = await logitsOf(before, images);
  const errorOf = async (child: Child): Promise<number> => differenceOf(await logitsOf(child, images), wanted);
  const whole = await errorOf(quantized);
  const found: { readonly layer: string; readonly harm: number }[] = [];
  for (const layer of layersOf(before.graph)) {
    const error = await errorOf(keeping(new Map([[layer, ""]])).child);
    found.push({ layer, harm: 1 - (error / whole) ** 2 });
  }
  return found
    .sort((a, b) => b.harm - a.harm)
    .map(({ layer, harm }) => [layer, `quantised, it makes ${(100 * harm).toFixed(1)} % of the logits' squared error`]);
}

const firstOf = (images: LabelledBlock, count: number): LabelledBlock => ({
  ...images,
  count: Math.min(count, images.count),
  labels: Array.from(images.labels).slice(0, count),
});

/** In points; at least a spread of 3 images, since none that differ of n may be up to 3 of other n. */
export function lossOf(
  before: readonly boolean[],
  after: readonly boolean[],
): Pick<Loss, "points" | "spread" | "images"> {
  const images = before.length;
  const lost = before.filter((right, i) => right && !after[i]).length;
  const gained = before.filter((right, i) => !right && after[i]).length;
  const deviation = Math.sqrt(lost + gained - (lost - gained) ** 2 / images);
  // So that 3 of 1,000 are 0.3, which a limit of 0.3 allows.
  const pointsOf = (count: number): number => (100 * count) / images;
  return { points: pointsOf(lost - gained), spread: pointsOf(Math.max(Z95 * deviation, 3)), images };
}
