/**
 * Soft accuracy: the mean of softened hits. With p the probability (softmax) that a child gives to an image's own class
 *
 *   soft hit = p^k / (p^k + (1 − p)^k)
 *
 * A hit is 0 or 1 and says nothing of how near the decision was; near p = ½ a soft hit does, and far from it it equals the hit. So the
 * means of two children on the same images differ far less by chance. k = 4 follows accuracy best of 1, 4 and 8 (docs/search.md).
 */
const SHARPNESS = 4;

/** @param logits of one image, a value for each class */
export function softHit(logits: Float32Array, label: number): number {
  // The ratio of all other classes to the own one, relative to the largest logit: no exponential overflows.
  const most = logits.reduce((largest, logit) => Math.max(largest, logit), -Infinity);
  const own = Math.exp(logits[label]! - most);
  const others = logits.reduce((sum, logit, c) => (c === label ? sum : sum + Math.exp(logit - most)), 0);
  if (own === 0) return 0;
  return 1 / (1 + (others / own) ** SHARPNESS);
}
