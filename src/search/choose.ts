/**
 * The choice under a budget, a statistical decision. Of the children that meet it:
 *
 *   1. The reference is the one of the largest expected accuracy.
 *   2. A child is as good where it isn't measurably worse than the reference (95 %, all children at once), is expected to lose at most
 *      `LOSS` to it and no more than its lower cost is worth, and is better than the smallest with a probability of `BETTER` at least.
 *      What a cost is worth: on the line from the smallest child to the reference, accuracy over the logarithm of the cost.
 *   3. The cheapest that is as good is chosen; where none is, the smallest.
 *
 * So a larger child must earn its cost, and weak data choose the cheap one without giving away more than the stated loss.
 */
import { random } from "../base/random.js";
import { quantile } from "../evaluate/statistics.js";
import { among, bestOf, difference, draw } from "./belief.js";
import type { Belief } from "./gaussian-process.js";
import { probabilityBelow } from "./normal.js";
import { architectureIn } from "./subject.js";

/** Confidence with which all differences of a choice hold at once. */
const CONFIDENCE = 0.95;
/** Accuracy, a share, that a cheaper child may be expected to lose to the best, at most. */
const LOSS = 0.001;
/** Probability of being more accurate than the smallest child that a larger one needs. */
const BETTER = 0.9;
const DRAWS = 1000;

/** A child that meets the budget. */
export interface Eligible {
  readonly id: string;
  /** What the budget limits. */
  readonly cost: number;
}

export interface Choice {
  readonly chosen: string;
  /** Children that can't be told apart from the chosen one, cheapest first. */
  readonly tied: readonly string[];
  /** Whether it is measurably better than the smallest child: if not, the budget buys nothing. */
  readonly beatsSmallest: boolean;
}

/**
 * @param children at least one
 * @param belief of their accuracies, in the same order
 * @param smallestId the space's smallest child, which any other must beat
 */
export function choose(children: readonly Eligible[], belief: Belief, smallestId: string): Choice {
  const order = cheapestFirst(children, belief);
  const ids = order.map((i) => children[i]!.id);
  const sorted = among(belief, order);
  const smallest = ids.indexOf(smallestId);
  const best = bestOf(sorted);
  const apart = partedFrom(sorted, best);
  const costOf = (i: number): number => children[order[i]!]!.cost;
  const mayLose = (i: number): number => {
    if (smallest < 0 || costOf(best) <= costOf(smallest)) return LOSS;
    const saved = Math.log(costOf(best) / costOf(i)) / Math.log(costOf(best) / costOf(smallest));
    return Math.min(LOSS, saved * difference(sorted, best, smallest).mean);
  };
  const isAsGood = (i: number): boolean =>
    !apart[i] &&
    difference(sorted, best, i).mean <= mayLose(i) &&
    (smallest < 0 || i === smallest || probabilityOfMore(sorted, i, smallest) >= BETTER);
  const found = ids.findIndex((_, i) => isAsGood(i));
  const chosen = found >= 0 ? found : smallest;
  const fromChosen = partedFrom(sorted, chosen);
  return {
    chosen: ids[chosen]!,
    tied: ids.filter((_, i) => i !== chosen && !fromChosen[i]),
    beatsSmallest: smallest >= 0 && fromChosen[smallest]! && difference(sorted, chosen, smallest).mean > 0,
  };
}

/** So that the choice doesn't depend on the order in which children were judged. Of an architecture's precisions at one cost, the most accurate. */
function cheapestFirst(children: readonly Eligible[], { mean }: Belief): number[] {
  const compared = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
  return children
    .map((_, i) => i)
    .sort((a, b) => {
      const [first, second] = [children[a]!, children[b]!];
      return (
        first.cost - second.cost ||
        compared(architectureIn(first.id), architectureIn(second.id)) ||
        mean[b]! - mean[a]! ||
        compared(first.id, second.id)
      );
    });
}

/** Probability that child i is more accurate than child j. */
function probabilityOfMore(belief: Belief, i: number, j: number): number {
  const { mean, deviation } = difference(belief, i, j);
  return deviation > 0 ? probabilityBelow(mean / deviation) : Number(mean > 0);
}

/**
 * Which children differ measurably from one: their difference lies outside a band that holds all true differences at once with the
 * stated confidence. Its half width is the same number of standard deviations for all, found from joint draws.
 */
function partedFrom(belief: Belief, reference: number): boolean[] {
  const differences = Array.from(belief.mean, (_, i) => difference(belief, i, reference));
  const farthest = draw(belief, DRAWS, random("choice")).map((accuracies) =>
    differences.reduce((most, { mean, deviation }, i) => {
      if (!(deviation > 0)) return most;
      return Math.max(most, Math.abs(accuracies[i]! - accuracies[reference]! - mean) / deviation);
    }, 0),
  );
  const width = quantile(farthest, CONFIDENCE);
  return differences.map(({ mean, deviation }) => Math.abs(mean) > width * deviation);
}
