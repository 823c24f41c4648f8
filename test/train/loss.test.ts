import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { crossEntropy, smoothLabels, softmax } from "../../src/train/loss.js";

const cases = fc
  .record({ seed: fc.nat(1e6), rows: fc.integer({ min: 1, max: 6 }), classes: fc.integer({ min: 2, max: 12 }) })
  .map(({ seed, rows, classes }) => {
    const draw = random(seed, "loss");
    const logits = Float32Array.from({ length: rows * classes }, () => 3 * draw.normal());
    const labels = Array.from({ length: rows }, () => draw.integer(classes));
    const soft = softmax(
      logits.map(() => 2 * draw.normal()),
      classes,
    );
    return { rows, classes, logits, labels, soft };
  });

/** In float64, from the definition. */
function definition(logits: ArrayLike<number>, targets: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let row = 0; row < logits.length; row += classes) {
    const own = Array.from({ length: classes }, (_, c) => logits[row + c]!);
    const log = Math.log(own.reduce((total, logit) => total + Math.exp(logit), 0));
    own.forEach((logit, c) => (sum -= targets[row + c]! * (logit - log)));
  }
  return sum;
}

test("the loss is −Σ target · log softmax, for smoothed labels and for soft ones", () => {
  fc.assert(
    fc.property(cases, ({ classes, logits, labels, soft }) => {
      for (const targets of [smoothLabels(labels, classes, 0.1), soft]) {
        const { sum } = crossEntropy(logits, targets, labels, 1);
        expect(Math.abs(sum / definition(logits, targets, classes) - 1)).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 500 },
  );
});

test("its gradient is what finite differences give, divided by the scale", () => {
  fc.assert(
    fc.property(cases, ({ classes, logits, labels, soft }) => {
      const { gradient } = crossEntropy(logits, soft, labels, 8);
      const h = 1e-4;
      logits.forEach((logit, i) => {
        const wide = Float64Array.from(logits);
        wide[i] = logit + h;
        const above = definition(wide, soft, classes);
        wide[i] = logit - h;
        const slope = (above - definition(wide, soft, classes)) / (2 * h);
        expect(Math.abs(gradient[i]! - slope / 8)).toBeLessThan(1e-6);
      });
    }),
    { numRuns: 200 },
  );
});

test("smoothed labels are 1 − ε on the label and ε over all classes, summing to one", () => {
  const targets = smoothLabels([2, 0], 4, 0.2);
  [0.05, 0.05, 0.85, 0.05, 0.85, 0.05, 0.05, 0.05].forEach((wanted, i) => expect(targets[i]).toBeCloseTo(wanted, 6));
});

test("correct counts the rows whose largest logit is the label's", () => {
  const logits = Float32Array.of(1, 2, 0, 5, 4, 3, 0, 0, 1);
  expect(crossEntropy(logits, new Float32Array(9), [1, 1, 2], 1).correct).toBe(2);
});

test("softmax holds for logits of any size, and a not-a-number makes the loss one", () => {
  expect([...softmax(Float32Array.of(1e30, -1e30, 0), 3)]).toEqual([1, 0, 0]);
  expect(crossEntropy(Float32Array.of(NaN, 1), Float32Array.of(1, 0), [0], 1).sum).toBeNaN();
  expect(crossEntropy(Float32Array.of(0, NaN), Float32Array.of(1, 0), [0], 1).sum).toBeNaN();
  expect(crossEntropy(Float32Array.of(Infinity, 1), Float32Array.of(1, 0), [0], 1).sum).toBeNaN();
});
