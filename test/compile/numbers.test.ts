import fc from "fast-check";
import { expect, test } from "vitest";
import { asPart, pack, scaled } from "../../src/compile/numbers.js";
import { boxesOf, gatherBox, slice } from "../../src/supernet/slice.js";
import { layoutOf, viewsOf } from "../../src/graph/layout.js";
import { initialize } from "../../src/supernet/initialize.js";
import { slicedChild } from "../../src/compile/children.js";
import { anyPoint } from "../supernet/tiny-spaces.js";

const parameter = { shape: [2, 3] };
const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);

test("an array, or a part that covers a whole array, is returned without a copy", () => {
  expect(pack(numbers)).toBe(numbers);
  expect(pack(asPart(numbers, parameter))).toBe(numbers);
});

test("factors apply to the last dimension, multiply each other, and leave the shared array unchanged", () => {
  const once = scaled(numbers, parameter, Float64Array.of(1, 10, 100));
  expect([...pack(once)]).toEqual([1, 20, 300, 4, 50, 600]);
  expect([...pack(scaled(once, parameter, Float64Array.of(2, 2, 3)))]).toEqual([2, 40, 900, 8, 100, 1800]);
  expect([...numbers]).toEqual([1, 2, 3, 4, 5, 6]);
});

test("packing a part copies its box and multiplies by its factors", () => {
  const part = { shared: numbers, box: { full: [2, 3], start: [0, 1], size: [2, 2] } };
  expect([...pack(part)]).toEqual([2, 3, 5, 6]);
  expect([...pack(scaled(part, { shape: [2, 2] }, Float64Array.of(1, -1)))]).toEqual([2, -3, 5, -6]);
});

test("a sliced child's values are those that gatherBox takes from the shared weights, over random architectures", () => {
  fc.assert(
    fc.property(anyPoint, ({ supernet, architecture, setting, seed }) => {
      const layout = layoutOf(supernet.graph);
      const shared = viewsOf(layout, initialize(layout, seed, 1));
      const { weights } = slicedChild(supernet, shared, architecture);
      const boxes = boxesOf(supernet.graph, slice(supernet.graph, setting), setting);
      expect([...weights.keys()]).toEqual([...boxes.keys()]);
      for (const [name, box] of boxes) expect(pack(weights.get(name)!)).toEqual(gatherBox(box, shared.get(name)!));
    }),
    { numRuns: 100 },
  );
});
