/**
 * Who comes into the final: it is judged on images that the screening didn't use, so the final is worth its images where it decides. For each
 * budget the children that are the best of it with the largest probability, and the smallest child always. In a search over several
 * precisions each comes with its other precisions: what they gain and lose is then measured together.
 */
import { random } from "../base/random.js";
import { among, draw } from "./belief.js";
import type { Belief } from "./gaussian-process.js";
import { architectureIn } from "./subject.js";

/** Finalists of a budget, without the smallest child. */
const FINALISTS = 6;
const DRAWS = 1000;

/**
 * @param ids of the children, in the belief's order
 * @param mayMeet for each budget, whether each child meets it or may do so
 * @param smallestIds the smallest child, in each precision; left out where it can meet no budget
 * @returns indices of the finalists of all budgets, in the children's order
 */
export function finalists(
  ids: readonly string[],
  belief: Belief,
  mayMeet: readonly (readonly boolean[])[],
  smallestIds: readonly string[],
): number[] {
  const isWithin = (i: number): boolean => mayMeet.some((meets) => meets[i]);
  const inFinal = new Set(smallestIds.map((id) => ids.indexOf(id)).filter(isWithin));
  for (const meets of mayMeet) {
    const eligible = ids.map((_, i) => i).filter((i) => meets[i]);
    const wins = new Map(eligible.map((i) => [i, 0]));
    for (const accuracies of draw(among(belief, eligible), DRAWS, random("final"))) {
      const winner = eligible[accuracies.indexOf(Math.max(...accuracies))]!;
      wins.set(winner, wins.get(winner)! + 1);
    }
    const likely = [...wins].filter(([, count]) => count > 0).sort(([i, a], [j, b]) => b - a || i - j);
    for (const [i] of likely.slice(0, FINALISTS)) inFinal.add(i);
  }
  const architectures = new Set([...inFinal].map((i) => architectureIn(ids[i]!)));
  const isBeside = (i: number): boolean => architectures.has(architectureIn(ids[i]!)) && isWithin(i);
  return ids.map((_, i) => i).filter((i) => inFinal.has(i) || isBeside(i));
}
