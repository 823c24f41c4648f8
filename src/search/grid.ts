/** The coarse grid: network-wise choices, every combination of them once (BigNAS, section 3.3). */
import type { Architecture } from "../space/schema.js";
import type { SearchSpace } from "../space/space.js";
import { idOf } from "../space/space.js";

/** Depth has three levels; width, kernel and expand ratio two each; resolution all its values. */
const levels = { depth: [0, 0.5, 1], width: [0, 1], kernel: [0, 1], expand: [0, 1] } as const;

/** What the grid is, for the report. */
export const gridDescription =
  "every resolution × depth {smallest, middle, largest} × width {smallest, largest} × kernel {smallest, largest} × expand ratio {smallest, largest}, network-wise";

/** The choice at a level: 0 the first, 1 the last, between them the nearest. */
const at = (choices: readonly number[], level: number): number => choices[Math.round(level * (choices.length - 1))]!;

/** Architectures of the grid, each once, cheapest dimensions first. */
export function coarseGrid(space: SearchSpace): Architecture[] {
  const found = new Map<string, Architecture>();
  for (const resolution of space.resolutions) {
    for (const depth of levels.depth) {
      for (const width of levels.width) {
        for (const kernel of levels.kernel) {
          for (const expand of levels.expand) {
            const architecture: Architecture = {
              resolution,
              stem: at(space.stem.width, width),
              stages: space.stages.map((stage) => {
                const blocks = at(stage.depth, depth);
                return {
                  width: at(stage.width, width),
                  depth: blocks,
                  kernels: Array<number>(blocks).fill(at(stage.kernel, kernel)),
                  expands: Array<number>(blocks).fill(at(stage.expand, expand)),
                };
              }),
              ...(Array.isArray(space.head.width) && { head: at(space.head.width, width) }),
              ...(space.head.mix && { mix: at(space.head.mix.width, width) }),
            };
            found.set(idOf(space, architecture), architecture);
          }
        }
      }
    }
  }
  return [...found.values()];
}
