/** Against TensorFlow's and Nesterov's formulas, written again in float64 for one weight. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { clip, startState, update } from "../../src/train/optimizer.js";
import { recipeSchema } from "../../src/train/recipe.js";

const withOptimizer = (optimizer: Record<string, unknown>) => recipeSchema.parse({ name: "test", optimizer });
const LENGTH = 40;

function run(optimizer: Record<string, unknown>, gradients: Float32Array[], rates: number[]): Float32Array {
  const recipe = withOptimizer(optimizer);
  const weights = Float32Array.from({ length: LENGTH }, (_, i) => Math.sin(i));
  const state = startState(recipe, LENGTH);
  gradients.forEach((gradient, step) => update(recipe, state, weights, gradient, rates[step]!));
  return weights;
}

/** One weight's path by a rule of its own. */
function alone(gradients: Float32Array[], rates: number[], rule: (g: number, r: number) => number): Float64Array {
  let rest = Float64Array.from({ length: LENGTH }, (_, i) => Math.fround(Math.sin(i)));
  rest = rest.map((start, i) => gradients.reduce((w, gradient, step) => w - rule(gradient[i]!, rates[step]!), start));
  return rest;
}

const draws = fc.nat(1e6).map((seed) => {
  const draw = random(seed, "optimizer");
  const gradients = Array.from({ length: 30 }, () => Float32Array.from({ length: LENGTH }, () => draw.normal()));
  return { gradients, rates: gradients.map(() => 0.001 + 0.02 * draw.next()) };
});

const near = (found: Float32Array, wanted: Float64Array): void =>
  found.forEach((weight, i) => expect(Math.abs(weight - wanted[i]!)).toBeLessThan(2e-5));

test("rmsprop is TensorFlow's: mean square from 1, epsilon inside the root, the rate inside the momentum", () => {
  fc.assert(
    fc.property(draws, ({ gradients, rates }) => {
      const [rho, mu, epsilon] = [0.8, 0.7, 1e-2];
      const wanted = Float64Array.from({ length: LENGTH }, (_, i) => {
        let [w, v, m] = [Math.fround(Math.sin(i)), 1, 0];
        gradients.forEach((gradient, step) => {
          const g = gradient[i]!;
          v = rho * v + (1 - rho) * g * g;
          m = mu * m + (rates[step]! * g) / Math.sqrt(v + epsilon);
          w -= m;
        });
        return w;
      });
      near(run({ kind: "rmsprop", decay: rho, momentum: mu, epsilon }, gradients, rates), wanted);
    }),
    { numRuns: 50 },
  );
});

test("sgd-nesterov looks ahead by its momentum", () => {
  fc.assert(
    fc.property(draws, ({ gradients, rates }) => {
      const wanted = Float64Array.from({ length: LENGTH }, (_, i) => {
        let [w, m] = [Math.fround(Math.sin(i)), 0];
        gradients.forEach((gradient, step) => {
          const g = gradient[i]!;
          const before = m;
          m = 0.9 * before + g;
          // Nesterov: momentum as it will be after this very step.
          w -= rates[step]! * (0.9 * (0.9 * before + g) + g);
        });
        return w;
      });
      near(run({ kind: "sgd-nesterov", momentum: 0.9 }, gradients, rates), wanted);
    }),
    { numRuns: 50 },
  );
});

test("without momentum sgd is w − r·g", () => {
  const gradients = [Float32Array.from({ length: LENGTH }, (_, i) => i / 10)];
  near(
    run({ kind: "sgd-nesterov", momentum: 0 }, gradients, [0.5]),
    alone(gradients, [0.5], (g, r) => r * g),
  );
});

test("a constant gradient's first rmsprop step is r·g / √(ρ + (1 − ρ)·g² + ε)", () => {
  const gradients = [new Float32Array(LENGTH).fill(2)];
  const step = 0.1 * (2 / Math.sqrt(0.9 + 0.1 * 4 + 1e-3));
  near(
    run({ kind: "rmsprop" }, gradients, [0.1]),
    alone(gradients, [0.1], () => step),
  );
});

test("clipping keeps the direction and brings the norm down to the limit, never up", () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, limit) => {
      const draw = random(seed);
      const before = Float32Array.from({ length: 30 }, () => draw.normal());
      const after = before.slice();
      const norm = Math.hypot(...before);
      expect(clip(after, limit) / norm).toBeCloseTo(1, 6);
      expect(Math.hypot(...after)).toBeCloseTo(Math.min(norm, limit), 4);
      after.forEach((g, i) => expect(Math.abs(g - before[i]! * Math.min(1, limit / norm))).toBeLessThan(1e-5));
    }),
  );
});

test("without a limit nothing is scaled, and the norm is still returned", () => {
  const gradient = Float32Array.of(3, 4);
  expect(clip(gradient, null)).toBe(5);
  expect([...gradient]).toEqual([3, 4]);
});
