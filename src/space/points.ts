/** The space's ends and its random points: one walk over the elastic dimensions, asking for each. */
import type { Random } from "../base/random.js";
import { headWidths } from "./count.js";
import type { Architecture, SearchSpaceData } from "./schema.js";

/** Makes an architecture by asking `choose` for every elastic dimension. */
function compose(space: SearchSpaceData, choose: (list: readonly number[]) => number): Architecture {
  return {
    resolution: choose(space.resolutions),
    stem: choose(space.stem.width),
    stages: space.stages.map((stage) => {
      const width = choose(stage.width);
      const depth = choose(stage.depth);
      if (stage.choicesPer === "stage") {
        const kernel = choose(stage.kernel);
        const expand = choose(stage.expand);
        return {
          width,
          depth,
          kernels: Array<number>(depth).fill(kernel),
          expands: Array<number>(depth).fill(expand),
        };
      }
      const blocks = Array.from({ length: depth }, () => [choose(stage.kernel), choose(stage.expand)] as const);
      return { width, depth, kernels: blocks.map(([kernel]) => kernel), expands: blocks.map(([, expand]) => expand) };
    }),
    ...(headWidths(space).length > 0 && { head: choose(headWidths(space)) }),
    ...(space.head.mix && { mix: choose(space.head.mix.width) }),
  };
}

/** The architecture with every elastic dimension at its largest. */
export const biggest = (space: SearchSpaceData): Architecture => compose(space, (list) => list[list.length - 1]!);

/** The architecture with every elastic dimension at its smallest. */
export const smallest = (space: SearchSpaceData): Architecture => compose(space, (list) => list[0]!);

/** Each elastic dimension drawn uniformly and independently, as BigNAS trains. */
export const sample = (space: SearchSpaceData, random: Random): Architecture =>
  compose(space, (list) => random.pick(list));
