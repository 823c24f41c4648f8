/** What commands print of how a target computes a probe. */
import { agrees, type Numerics } from "../evaluate/probe.js";

/** @param target its name */
export function describeNumerics(target: string, numerics: Numerics | undefined): string {
  if (!numerics) return `numerics are not checked on ${target}: it gives times alone`;
  const { maxDifference, tolerance } = numerics;
  const by = `by ${maxDifference.toExponential(1)} at most, ${tolerance.toExponential(1)} is the tolerance`;
  return agrees(numerics)
    ? `computes on ${target} what it computes here: logits differ ${by}`
    : `computes something else on ${target}: logits differ ${by}`;
}
