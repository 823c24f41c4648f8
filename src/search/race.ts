/**
 * The race: judging a challenger stops as soon as it can't become the winner of any budget that it meets. Both saw the same images in
 * the same order, so what counts is the paired difference, whose error is far smaller than that of two accuracies.
 */
import type { Hits } from "./hits.js";

/** Standard errors of the paired difference beyond which a challenger is taken to have lost. */
const Z_LOST = 4;
const MIN_SEEN = 256;

/**
 * Whether a challenger can't beat or equal the incumbent any more: not even with all remaining images right, or its paired
 * difference lies so far below zero that chance won't bring it back.
 * @param challenger of the first `seen` images
 * @param incumbent of all images
 */
export function cannotWin(challenger: Hits, incumbent: Hits, seen: number): boolean {
  let [own, its, squares, total] = [0, 0, 0, 0];
  for (let i = 0; i < incumbent.length; i++) {
    total += incumbent[i]!;
    if (i >= seen) continue;
    own += challenger[i]!;
    its += incumbent[i]!;
    squares += (challenger[i]! - incumbent[i]!) ** 2;
  }
  if (own + (incumbent.length - seen) < total) return true;
  if (seen < MIN_SEEN) return false;
  const mean = (own - its) / seen;
  // At least one difference is assumed: equal results so far don't prove that the rest is equal.
  const error = Math.sqrt(Math.max(squares / seen - mean ** 2, 1 / seen) / seen);
  return mean + Z_LOST * error < 0;
}
