import { expect, test } from "vitest";
import { coarseGrid, gridDescription } from "../../src/search/grid.js";
import { loadSpace, shippedSpaces } from "../../src/supernet/spaces.js";
import { convnetOf, inConvnet } from "../space/convnet.js";
import { biggest, checkArchitecture, idOf, smallest } from "../../src/space/space.js";

const spaces = await Promise.all([...shippedSpaces, "fixtures/spaces/tiny.json"].map(loadSpace));

test.each(spaces)("$name: the grid has every combination of the levels once, each a point of the space", (space) => {
  const grid = coarseGrid(space);
  const { stem, stages, head } = convnetOf(space);
  for (const point of grid) checkArchitecture(space, point, "grid");
  const ids = grid.map((point) => idOf(space, point));
  expect(new Set(ids).size).toBe(ids.length);
  // Counted from the space: a dimension that offers one choice has one level.
  const most = (sizes: number[]): number => Math.max(...sizes);
  const widths = [stem.width, ...stages.map(({ width }) => width)];
  if (Array.isArray(head.width)) widths.push(head.width);
  if (head.mix) widths.push(head.mix.width);
  const levels = [
    space.resolutions.length,
    Math.min(3, most(stages.map(({ depth }) => depth.length))),
    Math.min(2, most(widths.map(({ length }) => length))),
    Math.min(2, most(stages.map(({ kernel }) => kernel.length))),
    Math.min(2, most(stages.map(({ expand }) => expand.length))),
  ];
  expect(grid).toHaveLength(levels.reduce((product, count) => product * count, 1));
  expect(ids).toContain(idOf(space, smallest(space)));
  expect(ids).toContain(idOf(space, biggest(space)));
});

test("choices are network-wise: all stages are at the same level", async () => {
  const space = await loadSpace("fashion");
  const listed = convnetOf(space).stages;
  for (const { stages } of coarseGrid(space).map(inConvnet)) {
    const ends = stages.map(({ width }, i) => listed[i]!.width.indexOf(width) > 0);
    const elastic = ends.filter((_, i) => listed[i]!.width.length > 1);
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
