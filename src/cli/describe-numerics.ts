/** What commands print of how a target computes a probe. */
import { agrees, type Numerics } from "../evaluate/probe.js";

/**
 * Nothing of this machine where it agrees: the child was judged on it.
 * @param target its name
 */
export function describeNumerics(target: string, numerics: Numerics | undefined): string[] {
  if (!numerics) return [`numerics are not checked on ${target}: it gives times alone`];
  const { maxDifference, tolerance } = numerics;
  const difference = `logits on ${target} differ from those on this machine's CPU by at most ${maxDifference.toExponential(1)}`;
  const allowed = `${tolerance.toExponential(1)} is the tolerance`;
  if (!agrees(numerics)) return [`${difference}; ${allowed}: it computes something else`];
  return target === "local" ? [] : [`${difference}; ${allowed}`];
}
