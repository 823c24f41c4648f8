/**
 * Linear algebra of the search's models: A = L·Lᵀ for a symmetric positive definite A (Cholesky), and what follows from L. A matrix is a
 * list of rows; its size is a few hundred at most.
 */

/** Rows of a matrix. Of a lower triangle, row i is read up to column i. */
export type Matrix = readonly Float64Array[];

export const matrixOf = (rows: number, columns: number, at: (i: number, j: number) => number): Float64Array[] =>
  Array.from({ length: rows }, (_, i) => Float64Array.from({ length: columns }, (_, j) => at(i, j)));

/** Added to the diagonal, as a share of its mean: rounding makes no pivot of a singular matrix negative. */
const JITTER = 1e-10;

/** The lower triangle L of A = L·Lᵀ. */
export function cholesky(matrix: Matrix): Float64Array[] {
  const size = matrix.length;
  const jitter = (JITTER * matrix.reduce((sum, row, i) => sum + row[i]!, 0)) / Math.max(1, size);
  const lower = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    const row = lower[i]!;
    for (let j = 0; j <= i; j++) {
      const rest = matrix[i]![j]! - dot(row, lower[j]!, j);
      if (j < i) row[j] = rest / lower[j]![j]!;
      else row[i] = Math.sqrt(Math.max(rest, 0) + jitter);
    }
  }
  return lower;
}

/** x of L·x = b. */
export function solveLower(lower: Matrix, right: Float64Array): Float64Array {
  const x = new Float64Array(right.length);
  for (let i = 0; i < x.length; i++) x[i] = (right[i]! - dot(lower[i]!, x, i)) / lower[i]![i]!;
  return x;
}

/** x of Lᵀ·x = b. */
export function solveUpper(lower: Matrix, right: Float64Array): Float64Array {
  const x = Float64Array.from(right);
  for (let i = x.length - 1; i >= 0; i--) {
    const row = lower[i]!;
    const value = (x[i]! /= row[i]!);
    for (let k = 0; k < i; k++) x[k]! -= row[k]! * value;
  }
  return x;
}

/** x of A·x = b, by the L of A. */
export const solveBy = (lower: Matrix, right: Float64Array): Float64Array =>
  solveUpper(lower, solveLower(lower, right));

/** Σ a_k·b_k over the first `count`. */
export function dot(a: Float64Array, b: Float64Array, count = a.length): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += a[k]! * b[k]!;
  return sum;
}
