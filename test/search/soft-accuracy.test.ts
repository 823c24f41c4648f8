import fc from "fast-check";
import { expect, test } from "vitest";
import { probabilityOf, softened } from "../../src/search/soft-accuracy.js";

const softHit = (logits: Float32Array, label: number): number => softened(probabilityOf(logits, label));

test("a clear hit is 1, a clear miss 0, an even chance a half", () => {
  expect(softHit(Float32Array.of(20, 0, 0), 0)).toBeCloseTo(1, 6);
  expect(softHit(Float32Array.of(20, 0, 0), 1)).toBeCloseTo(0, 6);
  expect(softHit(Float32Array.of(3, 3), 0)).toBeCloseTo(0.5, 6);
});

test("any logits give a number from 0 to 1, which doesn't change when all are shifted, and a larger own logit never lowers it", () => {
  const logits = fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(logits, fc.nat(11), fc.integer({ min: -50, max: 50 }), (values, at, shift) => {
      const label = at % values.length;
      const soft = softHit(Float32Array.from(values), label);
      expect(soft).toBeGreaterThanOrEqual(0);
      expect(soft).toBeLessThanOrEqual(1);
      expect(
        softHit(
          Float32Array.from(values, (value) => value + shift),
          label,
        ),
      ).toBeCloseTo(soft, 9);
      const raised = values.with(label, values[label]! + 1);
      expect(softHit(Float32Array.from(raised), label)).toBeGreaterThanOrEqual(soft);
    }),
  );
});
