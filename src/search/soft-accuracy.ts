/**
 * Soft accuracy: the mean of softened hits. With p the probability (softmax) that a child gives to an image's own class
 *
 *   soft hit = p^k / (p^k + (1 − p)^k)
 *
 * A hit is 0 or 1 and says nothing of how near the decision was; near p = ½ a soft hit does, and far from it it equals the hit. So the
 * means of two children on the same images differ far less by chance. Of 1, 2 and 4,
 * k = 4 correlates best with accuracy; which k chooses best is not settled (docs/search.md).
 */
const SHARPNESS = 4;

/** @param p probability of an image's own class */
export const softened = (p: number): number => 1 / (1 + ((1 - p) / p) ** SHARPNESS);

/** Softmax of one class. @param logits of one image, a value for each class */
export function probabilityOf(logits: Float32Array, label: number): number {
  // Relative to the largest logit: no exponential overflows.
  const most = logits.reduce((largest, logit) => Math.max(largest, logit), -Infinity);
  const all = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return Math.exp(logits[label]! - most) / all;
}
