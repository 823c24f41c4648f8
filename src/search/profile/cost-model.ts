/**
 * Latency as a sum of costs: ms ≈ Σ w_k·x_k over the work of the whole child and that of each kind of layer. The kinds of layer say by how much
 * a device departs from what the whole child's work alone tells, and each departure is held small as far as the measurements say:
 *
 *   w = argmin Σ_i ((Σ_k w_k·x_ik − t_i) / t_i)² + ε·Σ_whole w_k² + λ·Σ_kinds w_k²      (x scaled so that its mean share x/t is 1)
 *
 * λ is the one whose errors on children left out one by one are the least, in closed form: with K = X·Xᵀ + 1 and α = K⁻¹·1, the error of
 * child i by the others is α_i / (K⁻¹)_ii. Where the kinds tell nothing, λ is large and what is left is the model of the whole child's work.
 */
import { cholesky, dot, matrixOf, solveBy } from "../cholesky.js";
import type { Plan } from "../plan.js";

/** What costs are of: a child's work as a whole, and by kind of layer. */
export type Costed = Pick<Plan, "work" | "layers">;

/** A child with the latency that it was measured with. */
export interface MeasuredChild extends Costed {
  readonly id: string;
  readonly latencyMs: number;
}

/** Costs of a device. */
export interface CostModel {
  /** ms for one unit of what is counted, by its name. */
  readonly costs: Readonly<Record<string, number>>;
  /** λ. */
  readonly penalty: number;
  /** Root mean square of the relative errors on children left out one by one. */
  readonly leftOutError: number;
}

/** From hardly any penalty to where kinds of layer count for nothing. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1e4] as const;
/** ε: keeps the solution unique. */
const WHOLE = 1e-6;

/**
 * The same costs in whatever order the children come.
 * @param measured at least two children, with latencies above 0
 */
export function fitCosts(measured: readonly MeasuredChild[]): CostModel {
  const children = [...measured].sort((a, b) => (a.id < b.id ? -1 : 1));
  const counted = children.map(countedOf);
  const whole = new Set(Object.keys(children[0]!.work));
  const names = [...new Set(counted.flatMap((of) => Object.keys(of)))].sort();
  const shares = names.map((name) => mean(children.map(({ latencyMs }, i) => (counted[i]![name] ?? 0) / latencyMs)));
  const fits = PENALTIES.map((penalty) => {
    const scale = names.map((name, k) => 1 / (shares[k]! * Math.sqrt(whole.has(name) ? WHOLE : penalty)));
    const rows = children.map(({ latencyMs }, i) =>
      Float64Array.from(names, (name, k) => ((counted[i]![name] ?? 0) * scale[k]!) / latencyMs),
    );
    const { errors, weights } = ridge(rows);
    const costs = Object.fromEntries(names.map((name, k) => [name, weights[k]! * scale[k]!]));
    return { costs, penalty, leftOutError: Math.sqrt(mean(errors.map((error) => error ** 2))) };
  });
  return fits.reduce((best, fit) => (fit.leftOutError < best.leftOutError ? fit : best));
}

/** In ms. What was in no child that the costs were fitted to costs nothing. */
export const predictBy = (costs: CostModel["costs"], child: Costed): number =>
  Object.entries(countedOf(child)).reduce((sum, [name, amount]) => sum + (costs[name] ?? 0) * amount, 0);

/** Ridge regression of 1 on rows, with a penalty of 1, by its dual: there are more columns than rows. */
function ridge(rows: readonly Float64Array[]): { readonly errors: readonly number[]; readonly weights: Float64Array } {
  const factor = cholesky(matrixOf(rows.length, rows.length, (i, j) => dot(rows[i]!, rows[j]!) + (i === j ? 1 : 0)));
  const alpha = solveBy(factor, new Float64Array(rows.length).fill(1));
  const errors = rows.map((_, i) => {
    const unit = Float64Array.from(rows, (_, j) => (i === j ? 1 : 0));
    return alpha[i]! / solveBy(factor, unit)[i]!;
  });
  const weights = rows[0]!.map((_, k) => rows.reduce((sum, row, i) => sum + alpha[i]! * row[k]!, 0));
  return { errors, weights };
}

const countedOf = ({ work, layers }: Costed): Readonly<Record<string, number>> => ({ ...work, ...layers });

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
