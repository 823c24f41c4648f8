/** How each operator becomes kernel calls. One row forward and one backward per operator; batch norm comes fused. */
import type { Parameter, Value } from "../../graph/graph.js";
import type { ActivationFunction, NodeOf } from "../../graph/operators.js";
import type { FusedNorm, Step } from "./fuse.js";
import type { Buffer } from "./memory-plan.js";
import type { Context } from "./program.js";

/** What backward needs of a batch norm's forward: vectors of its channels. */
interface Statistics {
  readonly mean: Buffer;
  readonly variance: Buffer;
  readonly scale: Buffer;
  readonly shift: Buffer;
}
export type Saved = Map<string, Statistics>;

/** The codes of kernels/lanes.ts. */
const activationCodes: Record<ActivationFunction, number> = {
  relu: 1,
  relu6: 2,
  swish: 3,
  "hard-swish": 4,
  sigmoid: 5,
  "hard-sigmoid": 6,
};
const codeOf = (step: FusedNorm): number =>
  step.activation ? activationCodes[step.activation.attributes.function] : 0;

type Convolution = NodeOf<"conv"> | NodeOf<"dense">;

const kernelOf = (node: Convolution | NodeOf<"depthwise">): number => {
  if (node.op === "dense") return 1;
  const { kernel } = node.attributes;
  return typeof kernel === "number" ? kernel : kernel.maximum;
};
const strideOf = (node: Convolution | NodeOf<"depthwise">): number =>
  node.op === "dense" ? 1 : node.attributes.stride;

/** Floats of [K, N] as panels of 8 columns. */
const panelCount = (K: number, N: number): number => K * Math.ceil(N / 8) * 8;

/** The geometry of a convolution as its kernels take it. */
function geometry(context: Context, node: Convolution | NodeOf<"depthwise">) {
  const { x } = node.in;
  const { y } = node.out;
  const k = kernelOf(node);
  const stride = strideOf(node);
  const C = context.channels(x);
  const N = context.channels(y);
  const size = context.extent(x);
  const out = context.extent(y);
  return { k, stride, C, N, size, out, M: context.rows(y), pointwise: k === 1 && stride === 1 };
}

function convForward(context: Context, node: Convolution): void {
  const { kernels, plan, batch } = context;
  const { k, stride, C, N, size, out, M, pointwise } = geometry(context, node);
  const [x, y, w] = [context.value(node.in.x), context.value(node.out.y), context.parameter(node.in.weight)];
  const panels = plan.buffer(panelCount(k * k * C, N));
  plan.step([w, panels], () => kernels.packPanels(k * k * C, N, w.address, 0, panels.address));
  if (pointwise) {
    plan.step([x, panels, y], () => kernels.matmul(M, N, C, x.address, panels.address, y.address, 0));
  } else {
    const patches = plan.buffer(out * out * k * k * C);
    plan.step([x, panels, y, patches], () =>
      kernels.conv(batch, size, C, k, stride, out, N, x.address, panels.address, y.address, patches.address),
    );
  }
  if (node.in.bias) {
    const bias = context.parameter(node.in.bias);
    plan.step([bias, y], () => kernels.addBias(M, N, bias.address, y.address));
  }
}

function convBackward(context: Context, node: Convolution, gradients: Gradients): void {
  const { kernels, plan, batch } = context;
  const { k, stride, C, N, size, out, M, pointwise } = geometry(context, node);
  const dy = gradients.take(node.out.y);
  const [x, w, dw] = [context.value(node.in.x), context.parameter(node.in.weight), context.gradientOf(node.in.weight)];
  const patches = pointwise ? undefined : plan.buffer(out * out * k * k * C);
  if (node.in.bias) {
    const dbias = context.gradientOf(node.in.bias);
    plan.step([dy, dbias], () => kernels.biasGradient(M, N, dy.address, dbias.address));
  }
  plan.step([x, dy, dw, patches], () =>
    patches
      ? kernels.convFilterGradient(
          batch,
          size,
          C,
          k,
          stride,
          out,
          N,
          x.address,
          dy.address,
          dw.address,
          patches.address,
        )
      : kernels.matmulTransposedA(M, N, C, x.address, dy.address, dw.address),
  );
  gradients.give(node.in.x, (dx, accumulate) => {
    const panels = plan.buffer(panelCount(N, k * k * C));
    plan.step([w, panels], () => kernels.packPanels(N, k * k * C, w.address, 1, panels.address));
    plan.step([dy, panels, dx, patches], () =>
      patches
        ? kernels.convInputGradient(
            batch,
            size,
            C,
            k,
            stride,
            out,
            N,
            dy.address,
            panels.address,
            dx.address,
            patches.address,
            accumulate,
          )
        : kernels.matmul(M, C, N, dy.address, panels.address, dx.address, accumulate),
    );
  });
}

/** Depthwise kernels take channels in fours; others go through padded copies. */
const paddedChannels = (C: number): number => Math.ceil(C / 4) * 4;

function padded(context: Context, rows: number, C: number, from: Buffer): Buffer {
  const P = paddedChannels(C);
  if (P === C) return from;
  const copy = context.plan.buffer(rows * P);
  context.plan.step([from, copy], () => context.kernels.padChannels(rows, C, P, from.address, copy.address));
  return copy;
}

function unpad(context: Context, rows: number, C: number, from: Buffer, to: Buffer, accumulate: number): void {
  const P = paddedChannels(C);
  context.plan.step([from, to], () => context.kernels.unpadChannels(rows, C, P, from.address, to.address, accumulate));
}

/** Scratch for one zero-padded image, flipped taps behind it, and what tiles read past the end. */
const imageScratch = (size: number, k: number, C: number): number =>
  ((size + k - 1) ** 2 + k * k + 8 * (size + k)) * paddedChannels(C);

function depthwiseForward(context: Context, node: NodeOf<"depthwise">): void {
  const { kernels, plan, batch } = context;
  const { k, stride, C, size, out } = geometry(context, node);
  const P = paddedChannels(C);
  const x = padded(context, context.rows(node.in.x), C, context.value(node.in.x));
  const w = padded(context, k * k, C, context.parameter(node.in.weight));
  const result = context.value(node.out.y);
  const y = P === C ? result : plan.buffer(context.rows(node.out.y) * P);
  const scratch = plan.buffer(imageScratch(size, k, C));
  plan.step([x, w, y, scratch], () =>
    kernels.depthwise(batch, size, P, k, stride, out, x.address, w.address, y.address, scratch.address),
  );
  if (P !== C) unpad(context, context.rows(node.out.y), C, y, result, 0);
  if (node.in.bias) {
    const bias = context.parameter(node.in.bias);
    plan.step([bias, result], () => kernels.addBias(context.rows(node.out.y), C, bias.address, result.address));
  }
}

function depthwiseBackward(context: Context, node: NodeOf<"depthwise">, gradients: Gradients): void {
  const { kernels, plan, batch } = context;
  const { k, stride, C, size, out, M } = geometry(context, node);
  const P = paddedChannels(C);
  const given = gradients.take(node.out.y);
  if (node.in.bias) {
    const dbias = context.gradientOf(node.in.bias);
    plan.step([given, dbias], () => kernels.biasGradient(M, C, given.address, dbias.address));
  }
  const dy = padded(context, M, C, given);
  const x = padded(context, context.rows(node.in.x), C, context.value(node.in.x));
  const w = padded(context, k * k, C, context.parameter(node.in.weight));
  const dwTotal = context.gradientOf(node.in.weight);
  const dw = P === C ? dwTotal : plan.buffer(k * k * P);
  const scratch = plan.buffer(imageScratch(size, k, C));
  if (P !== C) plan.step([dw], () => context.arena.floats().fill(0, dw.address / 4, dw.address / 4 + k * k * P));
  plan.step([x, dy, dw, scratch], () =>
    kernels.depthwiseFilterGradient(batch, size, P, k, stride, out, x.address, dy.address, dw.address, scratch.address),
  );
  if (P !== C) unpad(context, k * k, C, dw, dwTotal, 1);
  gradients.give(node.in.x, (dx, accumulate) => {
    const target = P === C ? dx : plan.buffer(context.rows(node.in.x) * P);
    plan.step([dy, w, target, scratch], () =>
      kernels.depthwiseInputGradient(
        ...[batch, size, P, k, stride, out, dy.address, w.address, target.address, scratch.address],
        P === C ? accumulate : 0,
      ),
    );
    if (P !== C) unpad(context, context.rows(node.in.x), C, target, dx, accumulate);
  });
}

function normForward(context: Context, step: FusedNorm, saved: Saved): void {
  const { kernels, plan } = context;
  const { x, gamma, beta, mean: givenMean, variance: givenVariance } = step.norm.in;
  const { epsilon } = step.norm.attributes;
  const C = context.channels(x);
  const M = context.rows(x);
  const vector = (): Buffer => plan.buffer(C);
  const from = context.value(x);
  const given = givenMean && givenVariance;
  const mean = given ? context.parameter(givenMean as Parameter) : vector();
  const variance = given ? context.parameter(givenVariance as Parameter) : vector();
  const [scale, shift] = [vector(), vector()];
  const [g, b] = [context.parameter(gamma), context.parameter(beta)];
  if (!given)
    plan.step([from, mean, variance], () => kernels.statistics(M, C, from.address, mean.address, variance.address));
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

function normBackward(context: Context, step: FusedNorm, saved: Saved, gradients: Gradients): void {
  const statistics = saved.get(step.norm.name);
  // Inference is forward only: a graph with given statistics has no gradients.
  if (!statistics) return;
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
  plan.step([from, dy, scale, shift, mean, variance, dgamma, dbeta, slope, offset], () =>
    kernels.normGradientSums(
      ...[M, C, code, from.address, dy.address, scale.address, shift.address, mean.address, variance.address],
      ...[step.norm.attributes.epsilon, dgamma.address, dbeta.address, slope.address, offset.address],
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

/** Forward: appends the calls of one step. */
export function planForward(context: Context, step: Step, saved: Saved): void {
  const { kernels, plan, batch } = context;
  switch (step.op) {
    case "conv":
    case "dense": {
      convForward(context, step);
      return;
    }
    case "depthwise": {
      depthwiseForward(context, step);
      return;
    }
    case "fusedNorm": {
      normForward(context, step, saved);
      return;
    }
    case "moments":
      throw new Error(`internal: ${step.name}: moments are for recalibration on onnxruntime`);
    case "activation": {
      const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
      const code = activationCodes[step.attributes.function];
      const count = context.count(step.in.x);
      plan.step([x, y], () => kernels.activation(count, code, x.address, y.address));
      return;
    }
    case "add": {
      const [a, b, y] = [context.value(step.in.x), context.value(step.in.branch), context.value(step.out.y)];
      const count = context.count(step.out.y);
      plan.step([a, b, y], () => kernels.add(count, a.address, b.address, y.address));
      return;
    }
    case "multiply": {
      const [x, factor, y] = [context.value(step.in.x), context.value(step.in.factor), context.value(step.out.y)];
      const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
      plan.step([x, factor, y], () => kernels.multiply(batch, P, C, x.address, factor.address, y.address));
      return;
    }
    case "averagePool": {
      const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
      const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
      const { stride } = step.attributes;
      plan.step([x, y], () => kernels.averagePool(batch, size, C, stride, out, x.address, y.address));
      return;
    }
    case "globalAveragePool": {
      const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
      const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
      plan.step([x, y], () => kernels.globalAveragePool(batch, P, C, x.address, y.address));
      return;
    }
    case "flatten": {
      const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
      plan.step([x, y], () => copy(context, x, y));
      return;
    }
    case "dropout": {
      const [x, y, factors] = [context.value(step.in.x), context.value(step.out.y), context.dropout];
      const count = context.count(step.in.x);
      plan.step([x, y, factors], () => kernels.product(count, x.address, factors.address, y.address));
      return;
    }
  }
}

const copy = ({ arena }: Context, from: Buffer, to: Buffer): void => {
  arena.floats().copyWithin(to.address / 4, from.address / 4, (from.address + Math.min(from.bytes, to.bytes)) / 4);
};

/** Gradients of values while backward is planned: every value's readers give to it before its producer takes it. */
interface Gradients {
  /** The finished gradient of a value. */
  take(value: Value): Buffer;
  /** Writes (0) or adds (1) to a value's gradient. */
  give(value: Value, write: (dx: Buffer, accumulate: 0 | 1) => void): void;
  /** Hands over a buffer that nobody else needs as (a part of) a value's gradient. */
  hand(value: Value, buffer: Buffer): void;
}

function gradientsOf(context: Context, input: Value, given: Map<string, Buffer>): Gradients {
  const { kernels, plan } = context;
  return {
    take(value) {
      const buffer = given.get(value.name);
      if (!buffer) throw new Error(`internal: nothing gives ${value.name} a gradient`);
      return buffer;
    },
    give(value, write) {
      if (value.name === input.name) return;
      const known = given.get(value.name);
      const buffer = known ?? plan.buffer(context.count(value));
      write(buffer, known ? 1 : 0);
      given.set(value.name, buffer);
    },
    hand(value, buffer) {
      if (value.name === input.name) return;
      const known = given.get(value.name);
      if (!known) {
        given.set(value.name, buffer);
        return;
      }
      const count = context.count(value);
      plan.step([known, buffer], () => kernels.add(count, known.address, buffer.address, known.address));
    },
  };
}

/** Backward: appends the calls of all steps in reverse order. */
export function planBackward(
  context: Context,
  steps: readonly Step[],
  saved: Saved,
  input: Value,
  given: Map<string, Buffer>,
): void {
  if (steps.some((step) => step.op === "fusedNorm" && !saved.has(step.norm.name))) return;
  const gradients = gradientsOf(context, input, given);
  for (const step of steps.toReversed()) planStepBackward(context, step, saved, gradients);
}

function planStepBackward(context: Context, step: Step, saved: Saved, gradients: Gradients): void {
  const { kernels, plan, batch } = context;
  switch (step.op) {
    case "conv":
    case "dense": {
      convBackward(context, step, gradients);
      return;
    }
    case "depthwise": {
      depthwiseBackward(context, step, gradients);
      return;
    }
    case "fusedNorm": {
      normBackward(context, step, saved, gradients);
      return;
    }
    case "moments":
      return;
    case "activation": {
      const [x, dy] = [context.value(step.in.x), gradients.take(step.out.y)];
      const code = activationCodes[step.attributes.function];
      const count = context.count(step.in.x);
      plan.step([x, dy], () => kernels.activationGradient(count, code, x.address, dy.address, dy.address));
      gradients.hand(step.in.x, dy);
      return;
    }
    case "add": {
      const dy = gradients.take(step.out.y);
      gradients.give(step.in.branch, (dx, accumulate) => {
        const count = context.count(step.out.y);
        plan.step([dy, dx], () =>
          accumulate ? kernels.add(count, dx.address, dy.address, dx.address) : copy(context, dy, dx),
        );
      });
      gradients.hand(step.in.x, dy);
      return;
    }
    case "multiply": {
      const [x, factor, dy] = [context.value(step.in.x), context.value(step.in.factor), gradients.take(step.out.y)];
      const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
      const dfactor = plan.buffer(context.count(step.in.factor));
      plan.step([x, factor, dy, dfactor], () =>
        kernels.multiplyGradient(batch, P, C, x.address, factor.address, dy.address, dfactor.address),
      );
      gradients.hand(step.in.x, dy);
      gradients.hand(step.in.factor, dfactor);
      return;
    }
    case "averagePool": {
      const dy = gradients.take(step.out.y);
      const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
      const { stride } = step.attributes;
      gradients.give(step.in.x, (dx, accumulate) =>
        plan.step([dy, dx], () =>
          kernels.averagePoolGradient(batch, size, C, stride, out, dy.address, dx.address, accumulate),
        ),
      );
      return;
    }
    case "globalAveragePool": {
      const dy = gradients.take(step.out.y);
      const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
      gradients.give(step.in.x, (dx, accumulate) =>
        plan.step([dy, dx], () => kernels.globalAveragePoolGradient(batch, P, C, dy.address, dx.address, accumulate)),
      );
      return;
    }
    case "flatten": {
      gradients.hand(step.in.x, gradients.take(step.out.y));
      return;
    }
    case "dropout": {
      const [dy, factors] = [gradients.take(step.out.y), context.dropout];
      const count = context.count(step.in.x);
      plan.step([dy, factors], () => kernels.product(count, dy.address, factors.address, dy.address));
      gradients.hand(step.in.x, dy);
      return;
    }
  }
}
