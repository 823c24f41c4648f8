import { expect, test } from "vitest";
import { coarseGrid, gridDescription } from "../../src/search/grid.js";
import { loadSpace, shippedSpaces } from "../../src/space/load.js";
import { biggest, checkArchitecture, idOf, smallest } from "../../src/space/space.js";

const spaces = await Promise.all([...shippedSpaces, "fixtures/spaces/tiny.json"].map(loadSpace));

test.each(spaces)("$name: the grid has every combination of the levels once, each a point of the space", (space) => {
  const grid = coarseGrid(space);
  for (const point of grid) checkArchitecture(space, point, "grid");
  const ids = grid.map((point) => idOf(space, point));
  expect(new Set(ids).size).toBe(ids.length);
  // Counted from the space: a dimension that offers one choice has one level.
  const most = (sizes: number[]): number => Math.max(...sizes);
  const widths = [space.stem.width, ...space.stages.map(({ width }) => width)];
  if (Array.isArray(space.head.width)) widths.push(space.head.width);
  if (space.head.mix) widths.push(space.head.mix.width);
  const levels = [
    space.resolutions.length,
    Math.min(3, most(space.stages.map(({ depth }) => depth.length))),
    Math.min(2, most(widths.map(({ length }) => length))),
    Math.min(2, most(space.stages.map(({ kernel }) => kernel.length))),
    Math.min(2, most(space.stages.map(({ expand }) => expand.length))),
  ];
  expect(grid).toHaveLength(levels.reduce((product, count) => product * count, 1));
  expect(ids).toContain(idOf(space, smallest(space)));
  expect(ids).toContain(idOf(space, biggest(space)));
});

test("choices are network-wise: all stages stand at the same level", async () => {
  const space = await loadSpace("fashion");
  for (const { stages } of coarseGrid(space)) {
    const ends = stages.map(({ width }, i) => space.stages[i]!.width.indexOf(width) > 0);
    const elastic = ends.filter((_, i) => space.stages[i]!.width.length > 1);
    expect(new Set(elastic).size).toBeLessThanOrEqual(1);
    for (const { kernels, expands } of stages) {
      expect(new Set(kernels).size).toBe(1);
      expect(new Set(expands).size).toBe(1);
    }
  }
});

test("the grid is stated", () => {
  for (const word of ["resolution", "depth", "width", "kernel", "expand ratio", "network-wise"]) {
    expect(gridDescription).toContain(word);
  }
});
