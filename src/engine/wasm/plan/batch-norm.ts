/** Batch norm with its followers (fuse.ts): statistics, then one pass that normalises, adds and activates. */
import { activations } from "../../../graph/activations.js";
import type { FusedNorm } from "../fuse.js";
import { activationCodes } from "../kernels.js";
import type { Buffer } from "../memory-plan.js";
import { kernelConstants } from "../signatures.js";
import type { Context } from "./context.js";
import type { Gradients } from "./gradients.js";
import type { Row, Saved } from "./row.js";

const codeOf = (step: FusedNorm): number =>
  step.activation ? activationCodes[step.activation.attributes.function] : kernelConstants.IDENTITY;

/** Scratch for two float64 sums and two float32 sums per channel. */
const totalsOf = ({ plan }: Context, C: number): Buffer => plan.buffer(6 * Math.ceil(C / 4) * 4);

function forward(context: Context, step: FusedNorm, saved: Saved): void {
  const { call, plan } = context;
  const { x, gamma, beta } = step.norm.in;
  const { epsilon } = step.norm.attributes;
  const C = context.channels(x);
  const M = context.rows(x);
  const vector = (): Buffer => plan.buffer(C);
  const totals = totalsOf(context, C);
  const from = context.value(x);
  const [mean, variance, scale, shift] = [vector(), vector(), vector(), vector()];
  call("statistics", { M, C, x: from, mean, variance, totals });
  call("scaleAndShift", {
    C,
    gamma: context.parameter(gamma),
    beta: context.parameter(beta),
    mean,
    variance,
    epsilon,
    scale,
    shift,
  });
  const residual = step.residual ? context.value(step.residual) : 0;
  call("normalize", { M, C, code: codeOf(step), x: from, scale, shift, residual, y: context.value(step.y) });
  saved.set(step.norm.name, { mean, variance, scale, shift });
}

function backward(context: Context, step: FusedNorm, gradients: Gradients, saved: Saved): void {
  const { call, plan } = context;
  const { mean, variance, scale, shift } = saved.get(step.norm.name)!;
  const { x, gamma, beta } = step.norm.in;
  const C = context.channels(x);
  const M = context.rows(x);
  const [dgamma, dbeta] = [context.gradientOf(gamma), context.gradientOf(beta)];
  const [slope, offset] = [plan.buffer(C), plan.buffer(C)];
  const from = context.value(x);
  const dy = gradients.take(step.y);
  const totals = totalsOf(context, C);
  const { epsilon } = step.norm.attributes;
  const next = step.activation?.attributes.function;
  const y = next && activations[next].slopeReadsOutput ? context.value(step.y) : 0;
  const vectors = { scale, shift, mean, variance, dgamma, dbeta, slope, offset };
  call("normGradientSums", { M, C, code: codeOf(step), x: from, y, dy, epsilon, ...vectors, totals });
  // In place, unless the sum's gradient is also the shortcut's.
  const dx = step.residual ? plan.buffer(context.count(x)) : dy;
  call("normGradient", { M, C, x: from, du: dy, scale, slope, offset, dx });
  gradients.hand(x, dx);
  if (step.residual) gradients.hand(step.residual, dy);
}

export const fusedNorm: Row<FusedNorm> = { forward, backward };
