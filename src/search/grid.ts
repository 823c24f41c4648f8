/** The coarse grid: network-wise choices, every combination of them once (BigNAS, section 3.3). */
import { choicesOf, type Dimension } from "../space/choices.js";
import { idOf, pointOf, type Architecture, type SearchSpace } from "../space/space.js";

/** The share of a list at which a dimension is taken: 0 the first value, 1 the last. The first dimension changes slowest. */
const levels: readonly (readonly [Dimension, readonly number[] | "all"])[] = [
  ["resolution", "all"],
  ["depth", [0, 0.5, 1]],
  ["width", [0, 1]],
  ["kernel", [0, 1]],
  ["expand", [0, 1]],
];

/** What the grid is, for the report. */
export const gridDescription =
  "every resolution × depth {smallest, middle, largest} × width {smallest, largest} × kernel {smallest, largest} × expand ratio {smallest, largest}, network-wise";

/** Architectures of the grid, each once, cheapest dimensions first. */
export function coarseGrid(space: SearchSpace): Architecture[] {
  const combinations = levels.reduce<readonly ReadonlyMap<Dimension, number>[]>(
    (found, [dimension, level]) => {
      const shares = level === "all" ? sharesOf(space, dimension) : level;
      return found.flatMap((combination) => shares.map((share) => new Map([...combination, [dimension, share]])));
    },
    [new Map()],
  );
  const found = combinations.map((combination) =>
    pointOf(space, ({ dimension, values }) => values[Math.round(combination.get(dimension)! * (values.length - 1))]!),
  );
  return [...new Map(found.map((architecture) => [idOf(space, architecture), architecture])).values()];
}

/** A level for each value of the dimension's longest list. */
function sharesOf({ parts }: SearchSpace, dimension: Dimension): number[] {
  const lists = choicesOf(parts).filter((choice) => choice.dimension === dimension);
  const count = Math.max(1, ...lists.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, i) => i / Math.max(1, count - 1));
}
