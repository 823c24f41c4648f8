import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { cholesky, dot, matrixOf, solveBy } from "../../src/search/cholesky.js";

/** B·Bᵀ + identity: positive definite. */
function positive(size: number, seed: number): Float64Array[] {
  const draw = random("cholesky", seed);
  const b = matrixOf(size, size, () => draw.normal());
  return matrixOf(size, size, (i, j) => dot(b[i]!, b[j]!) + (i === j ? 1 : 0));
}

test("L·Lᵀ is the matrix, and what is solved by L solves it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 25 }), fc.nat(1e6), (size, seed) => {
      const matrix = positive(size, seed);
      const lower = cholesky(matrix);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) expect(dot(lower[i]!, lower[j]!)).toBeCloseTo(matrix[i]![j]!, 6);
      }
      const right = Float64Array.from({ length: size }, (_, i) => Math.sin(i + seed));
      const x = solveBy(lower, right);
      matrix.forEach((row, i) => expect(dot(row, x)).toBeCloseTo(right[i]!, 5));
    }),
    { numRuns: 200 },
  );
});

test("a singular matrix gives numbers: equal rows are what two equal children have", () => {
  const lower = cholesky(matrixOf(4, 4, () => 2));
  for (const row of lower) for (const value of row) expect(Number.isFinite(value)).toBe(true);
  for (const value of solveBy(lower, Float64Array.of(1, 1, 1, 1))) expect(Number.isFinite(value)).toBe(true);
});
