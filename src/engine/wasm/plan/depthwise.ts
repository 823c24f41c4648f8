/** Depthwise convolutions, over zero-padded images one at a time. */
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import { geometry, type Depthwise } from "./geometry.js";
import type { Gradients } from "./gradients.js";
import type { RowOf } from "./row.js";

/** Depthwise kernels process channels in fours; other counts use padded copies. */
const paddedChannels = (C: number): number => Math.ceil(C / 4) * 4;

function padded(context: Context, rows: number, C: number, from: Buffer): Buffer {
  const P = paddedChannels(C);
  if (P === C) return from;
  const copy = context.plan.buffer(rows * P);
  context.call("padChannels", { rows, C, padded: P, x: from, to: copy });
  return copy;
}

function unpad({ call }: Context, rows: number, C: number, from: Buffer, to: Buffer, accumulate: 0 | 1): void {
  call("unpadChannels", { rows, C, padded: paddedChannels(C), x: from, to, accumulate });
}

/** Scratch for one zero-padded image, the flipped taps after it, and what tiles read past its end. */
const imageScratch = (size: number, k: number, C: number): number =>
  ((size + k - 1) ** 2 + k * k + 8 * (size + k)) * paddedChannels(C);

function forward(context: Context, node: Depthwise): void {
  const { call, plan, batch: B } = context;
  const { k, stride, C, size, out } = geometry(context, node);
  const P = paddedChannels(C);
  const x = padded(context, context.rows(node.in.x), C, context.value(node.in.x));
  const w = padded(context, k * k, C, context.parameter(node.in.weight));
  const result = context.value(node.out.y);
  const y = P === C ? result : plan.buffer(context.rows(node.out.y) * P);
  const scratch = plan.buffer(imageScratch(size, k, C));
  call("depthwise", { B, size, C: P, k, stride, out, x, w, y, scratch });
  if (P !== C) unpad(context, context.rows(node.out.y), C, y, result, 0);
  if (node.in.bias) {
    call("addBias", { M: context.rows(node.out.y), C, bias: context.parameter(node.in.bias), y: result });
  }
}

function backward(context: Context, node: Depthwise, gradients: Gradients): void {
  const { call, plan, batch: B } = context;
  const { k, stride, C, size, out, M } = geometry(context, node);
  const P = paddedChannels(C);
  const given = gradients.take(node.out.y);
  if (node.in.bias) {
    call("biasGradient", { M, C, dy: given, dbias: context.gradientOf(node.in.bias) });
  }
  const dy = padded(context, M, C, given);
  const x = padded(context, context.rows(node.in.x), C, context.value(node.in.x));
  const w = padded(context, k * k, C, context.parameter(node.in.weight));
  const dwTotal = context.gradientOf(node.in.weight);
  const dw = P === C ? dwTotal : plan.buffer(k * k * P);
  const scratch = plan.buffer(imageScratch(size, k, C));
  if (P !== C) plan.step([dw], () => context.arena.floats().fill(0, dw.address / 4, dw.address / 4 + k * k * P));
  call("depthwiseFilterGradient", { B, size, C: P, k, stride, out, x, dy, dw, scratch });
  if (P !== C) unpad(context, k * k, C, dw, dwTotal, 1);
  gradients.give(node.in.x, (dx, accumulate) => {
    const common = { B, size, C: P, k, stride, out, dy, w, scratch };
    if (P === C) {
      call("depthwiseInputGradient", { ...common, dx, accumulate });
    } else {
      const target = plan.buffer(context.rows(node.in.x) * P);
      call("depthwiseInputGradient", { ...common, dx: target, accumulate: 0 });
      unpad(context, context.rows(node.in.x), C, target, dx, accumulate);
    }
  });
}

export const depthwise: RowOf<"depthwise"> = { forward, backward };
