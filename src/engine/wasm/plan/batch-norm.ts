/** Batch norm with its followers (fuse.ts): statistics, then one pass that normalises, adds and activates. */
import type { Parameter } from "../../../graph/graph.js";
import type { FusedNorm } from "../fuse.js";
import { activationCodes } from "../kernels.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import type { Gradients } from "./gradients.js";
import type { Row, Saved } from "./row.js";

const codeOf = (step: FusedNorm): number =>
  step.activation ? activationCodes[step.activation.attributes.function] : 0;

/** Scratch for two float64 sums and two float32 sums per channel. */
const totalsOf = ({ plan }: Context, C: number): Buffer => plan.buffer(6 * Math.ceil(C / 4) * 4);

function forward(context: Context, step: FusedNorm, saved: Saved): void {
  const { kernels, plan } = context;
  const { x, gamma, beta, mean: givenMean, variance: givenVariance } = step.norm.in;
  const { epsilon } = step.norm.attributes;
  const C = context.channels(x);
  const M = context.rows(x);
  const vector = (): Buffer => plan.buffer(C);
  const totals = totalsOf(context, C);
  const from = context.value(x);
  const given = givenMean && givenVariance;
  const mean = given ? context.parameter(givenMean as Parameter) : vector();
  const variance = given ? context.parameter(givenVariance as Parameter) : vector();
  const [scale, shift] = [vector(), vector()];
  const [g, b] = [context.parameter(gamma), context.parameter(beta)];
  if (!given)
    plan.step([from, mean, variance, totals], () =>
      kernels.statistics(M, C, from.address, mean.address, variance.address, totals.address),
    );
  plan.step([g, b, mean, variance, scale, shift], () =>
    kernels.scaleAndShift(
      C,
      g.address,
      b.address,
      mean.address,
      variance.address,
      epsilon,
      scale.address,
      shift.address,
    ),
  );
  const residual = step.residual && context.value(step.residual);
  const y = context.value(step.y);
  const code = codeOf(step);
  plan.step([from, scale, shift, residual, y], () =>
    kernels.normalize(M, C, code, from.address, scale.address, shift.address, residual?.address ?? 0, y.address),
  );
  if (!given) saved.set(step.norm.name, { mean, variance, scale, shift });
}

function backward(context: Context, step: FusedNorm, gradients: Gradients, saved: Saved): void {
  const statistics = saved.get(step.norm.name);
  if (!statistics) throw new Error(`internal: ${step.norm.name} has fixed statistics, and no gradients`);
  const { kernels, plan } = context;
  const { mean, variance, scale, shift } = statistics;
  const { x, gamma, beta } = step.norm.in;
  const C = context.channels(x);
  const M = context.rows(x);
  const [dgamma, dbeta] = [context.gradientOf(gamma), context.gradientOf(beta)];
  const [slope, offset] = [plan.buffer(C), plan.buffer(C)];
  const from = context.value(x);
  const dy = gradients.take(step.y);
  const code = codeOf(step);
  const totals = totalsOf(context, C);
  // Swish alone reads what it put out; others let it go.
  const y = step.activation?.attributes.function === "swish" ? context.value(step.y) : undefined;
  plan.step([from, y, dy, scale, shift, mean, variance, dgamma, dbeta, slope, offset, totals], () =>
    kernels.normGradientSums(
      ...[M, C, code, from.address, y?.address ?? 0, dy.address, scale.address, shift.address],
      ...[
        mean.address,
        variance.address,
        step.norm.attributes.epsilon,
        dgamma.address,
        dbeta.address,
        slope.address,
        offset.address,
      ],
      totals.address,
    ),
  );
  // In place, unless the sum's gradient goes on to the shortcut.
  const dx = step.residual ? plan.buffer(context.count(x)) : dy;
  plan.step([from, dy, scale, slope, offset, dx], () =>
    kernels.normGradient(M, C, from.address, dy.address, scale.address, slope.address, offset.address, dx.address),
  );
  gradients.hand(x, dx);
  if (step.residual) gradients.hand(step.residual, dy);
}

export const fusedNorm: Row<FusedNorm> = { forward, backward };
