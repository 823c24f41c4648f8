import fc from "fast-check";
import { expect, test } from "vitest";
import { permutation, random } from "../../src/base/random.js";
import { among } from "../../src/search/belief.js";
import { choose } from "../../src/search/choose.js";
import { matrixOf } from "../../src/search/cholesky.js";

/** Independent beliefs of children named a, b, c … that cost 1, 2, 3 …; a is the smallest. */
function believed(means: readonly number[], deviation: number) {
  const children = means.map((_, i) => ({ id: String.fromCharCode(97 + i), cost: i + 1 }));
  const covariance = matrixOf(means.length, means.length, (i, j) => (i === j ? deviation ** 2 : 0));
  return { children, belief: { mean: Float64Array.from(means), covariance } };
}
const choiceOf = (means: readonly number[], deviation: number) => {
  const { children, belief } = believed(means, deviation);
  return choose(children, belief, "a");
};

test("without a signal the cheapest is chosen, tied with all others, and its budget buys nothing", () => {
  expect(choiceOf([0.85, 0.85, 0.85], 0.01)).toEqual({ chosen: "a", tied: ["b", "c"], beatsSmallest: false });
});

test("what is clearly better is chosen, and alone", () => {
  expect(choiceOf([0.8, 0.85, 0.9], 0.001)).toEqual({ chosen: "c", tied: [], beatsSmallest: true });
});

test("of children that are as good as the best the cheapest is chosen; one that gives away more than the stated loss isn't", () => {
  expect(choiceOf([0.8, 0.8995, 0.9], 0.001).chosen).toBe("b");
  expect(choiceOf([0.8, 0.89, 0.9], 0.01).chosen).toBe("c");
});

test("a child that costs hardly less than the best may lose hardly more: what its size is worth from the smallest on", () => {
  const believe = (cost: number) => {
    const { children, belief } = believed([0.86, 0.8693, 0.87], 0.001);
    return choose([children[0]!, { ...children[1]!, cost }, { ...children[2]!, cost: 3 }], belief, "a").chosen;
  };
  // The line rises by 0.01 over ln 3: 0.0007 is a saving of 7 %.
  expect(believe(2.9)).toBe("c");
  expect(believe(2.7)).toBe("b");
});

test("a larger child that is perhaps not better than the smallest isn't chosen", () => {
  expect(choiceOf([0.85, 0.853], 0.01)).toEqual({ chosen: "a", tied: ["b"], beatsSmallest: false });
});

test("a loss that is small but measurable is not accepted: with many images the best is chosen", () => {
  expect(choiceOf([0.8, 0.8995, 0.9], 0.00001).chosen).toBe("c");
});

test("the choice does not depend on the order in which children were judged, and is never expected to be worse than the smallest", () => {
  const means = fc.array(fc.integer({ min: 800, max: 900 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(means, fc.constantFrom(0.0001, 0.003, 0.02), fc.nat(1e6), (thousandths, deviation, seed) => {
      const { children, belief } = believed(
        thousandths.map((value) => value / 1000),
        deviation,
      );
      const choice = choose(children, belief, "a");
      const order = [...permutation(children.length, random(seed))];
      expect(
        choose(
          order.map((i) => children[i]!),
          among(belief, order),
          "a",
        ),
      ).toEqual(choice);
      const at = children.findIndex(({ id }) => id === choice.chosen);
      expect(belief.mean[at]).toBeGreaterThanOrEqual(belief.mean[0]!);
      expect(choice.tied).not.toContain(choice.chosen);
    }),
    { numRuns: 100 },
  );
});
