/**
 * A latency model: ms ≈ Σ w_k · work_k, fitted to the coarse children's measurements. It says which mutants are worth compiling first; what
 * is taken is decided by measuring alone.
 *
 *   w = argmin Σ_i ((Σ_k w_k x_ik − t_i) / t_i)² + λ Σ_k w_k²     (x scaled to at most 1, so that λ is one for all)
 */
import { cholesky, matrixOf, solveBy } from "./cholesky.js";
import type { Plan, Work } from "./plan.js";

export interface LatencyModel {
  /** In ms. */
  predict(child: Pick<Plan, "work" | "layers">): number;
  /** Root mean square of its relative errors on what it was fitted to. */
  readonly error: number;
}

/** The models of the targets that have a budget. */
export interface LatencyModels {
  /** The search's first target has this one. */
  readonly first?: LatencyModel | undefined;
  /** Further targets have these, by name. */
  readonly others: Readonly<Record<string, LatencyModel>>;
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
  const scale = names.map((name) => Math.max(...measured.map(({ work }) => Math.abs(work[name]))) || 1);
  // Each row is divided by its latency: errors count relative to it.
  const rows = measured.map(({ work, latencyMs }) => names.map((name, k) => work[name] / scale[k]! / latencyMs));
  const matrix = matrixOf(names.length, names.length, (j, k) =>
    rows.reduce((sum, row) => sum + row[j]! * row[k]!, j === k ? RIDGE : 0),
  );
  const weights = solveBy(
    cholesky(matrix),
    Float64Array.from(names, (_, k) => rows.reduce((sum, row) => sum + row[k]!, 0)),
  );
  const predict = ({ work }: Pick<Plan, "work">): number =>
    names.reduce((sum, name, k) => sum + (weights[k]! * work[name]) / scale[k]!, 0);
  const squares = measured.map((child) => (predict(child) / child.latencyMs - 1) ** 2);
  return { predict, error: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length) };
}
