/**
 * A profile's costs as a search takes them: times one factor, and with the error that they have on what the search itself measured. The factor
 * is how fast the device is today; the error is what proposals are granted, so a profile that tells little costs candidates and no more.
 */
import { median } from "../../evaluate/statistics.js";
import type { LatencyModel } from "../latency-model.js";
import { predictBy, type CostModel, type Costed } from "./cost-model.js";

/** @param measured at least one, with latencies above 0 */
export function profiledModel(
  costs: CostModel["costs"],
  measured: readonly (Costed & { readonly latencyMs: number })[],
): LatencyModel {
  const ratios = measured.map((child) => predictBy(costs, child) / child.latencyMs);
  const factor = 1 / median(ratios);
  const squares = ratios.map((ratio) => (factor * ratio - 1) ** 2);
  return {
    predict: (child) => factor * predictBy(costs, child),
    error: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length),
  };
}
