/** How sure the ratio of two figures is, by resampling what each was made of. */
import { random } from "../base/random.js";
import { quantileOfSorted } from "./statistics.js";

const RESAMPLES = 400;

/**
 * @param figureOf of blocks, what the ratio is of: `figureOf(above) / figureOf(below)`
 * @returns where the ratio lies in 95 % of resamples of whole blocks
 */
export function ratioIntervalOf<Block>(
  above: readonly Block[],
  below: readonly Block[],
  figureOf: (blocks: readonly Block[]) => number,
  seed: number,
): [low: number, high: number] {
  const draw = random("ratio", seed);
  const again = (blocks: readonly Block[]): Block[] => blocks.map(() => blocks[draw.integer(blocks.length)]!);
  const ratios = Array.from({ length: RESAMPLES }, () => figureOf(again(above)) / figureOf(again(below)));
  ratios.sort((a, b) => a - b);
  return [quantileOfSorted(ratios, 0.025), quantileOfSorted(ratios, 0.975)];
}
