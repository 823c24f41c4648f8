import fc from "fast-check";
import { expect, test } from "vitest";
import { paretoFront } from "../../src/search/pareto.js";

const point = fc.record({
  // Few values, so that ties are common.
  expectedAccuracy: fc.integer({ min: 0, max: 6 }).map((sixth) => sixth / 6),
  macs: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(Infinity)),
});
const points = fc
  .array(point, { maxLength: 30 })
  .map((list) => list.map((one, i) => ({ ...one, id: String.fromCharCode(65 + i) })));

test("the front is what brute force finds: nobody else is as good in both and better in one", () => {
  fc.assert(
    fc.property(points, (all) => {
      const judged = all.filter(({ macs }) => Number.isFinite(macs));
      const beaten = (one: (typeof judged)[number]): boolean =>
        judged.some(
          (other) =>
            other.macs <= one.macs &&
            other.expectedAccuracy >= one.expectedAccuracy &&
            (other.macs < one.macs || other.expectedAccuracy > one.expectedAccuracy || other.id < one.id),
        );
      const front = judged.filter((one) => !beaten(one)).sort((a, b) => a.macs - b.macs);
      expect(paretoFront(all, ({ macs }) => macs)).toEqual(front.map(({ id }) => id));
    }),
    { numRuns: 2000 },
  );
});

test("the points given are left in their order", () => {
  const all = [
    { id: "b", expectedAccuracy: 1, macs: 2 },
    { id: "a", expectedAccuracy: 0.5, macs: 1 },
  ];
  expect(paretoFront(all, ({ macs }) => macs)).toEqual(["a", "b"]);
  expect(all.map(({ id }) => id)).toEqual(["b", "a"]);
});
