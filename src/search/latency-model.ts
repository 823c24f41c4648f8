/**
 * A latency model: ms ≈ Σ w_k · work_k, fitted to the coarse children's measurements. It says which mutants are worth compiling first; what
 * is taken is decided by measuring alone.
 *
 *   w = argmin Σ_i ((Σ_k w_k x_ik − t_i) / t_i)² + λ Σ_k w_k²     (x scaled to at most 1, so that λ is one for all)
 */
import type { Work } from "./plan.js";

export interface LatencyModel {
  /** In ms. */
  predict(work: Work): number;
  /** Root mean square of its relative errors on what it was fitted to. */
  readonly error: number;
}

export interface Measured {
  readonly work: Work;
  readonly latencyMs: number;
}

/** Keeps the solution unique where features move together; far below what a measurement can tell. */
const RIDGE = 1e-6;

/** @param measured at least one */
export function fitLatencyModel(measured: readonly Measured[]): LatencyModel {
  const names = Object.keys(measured[0]!.work) as readonly (keyof Work)[];
  const features = names.map((_, k) => k);
  const scale = names.map((name) => Math.max(...measured.map(({ work }) => Math.abs(work[name]))) || 1);
  // Each row is divided by its latency: errors count relative to it.
  const rows = measured.map(({ work, latencyMs }) => names.map((name, k) => work[name] / scale[k]! / latencyMs));
  const matrix = features.map((j) =>
    features.map((k) => rows.reduce((sum, row) => sum + row[j]! * row[k]!, j === k ? RIDGE : 0)),
  );
  const weights = solve(
    matrix,
    features.map((k) => rows.reduce((sum, row) => sum + row[k]!, 0)),
  );
  const predict = (work: Work): number =>
    names.reduce((sum, name, k) => sum + (weights[k]! * work[name]) / scale[k]!, 0);
  const squares = measured.map(({ work, latencyMs }) => (predict(work) / latencyMs - 1) ** 2);
  return { predict, error: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length) };
}

/** Solves A·x = b for a positive definite A by Gaussian elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column + 1; i < size; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = column + 1; i < size; i++) {
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let k = column; k <= size; k++) rows[i]![k]! -= factor * rows[column]![k]!;
    }
  }
  const solution = Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const known = solution.reduce((sum, value, k) => sum + (k > i ? rows[i]![k]! * value : 0), 0);
    solution[i] = (rows[i]![size]! - known) / rows[i]![i]!;
  }
  return solution;
}
