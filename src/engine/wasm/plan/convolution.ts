/**
 * Convolutions and dense layers: one matrix product over patches or, if the kernel is 1×1, over the pixels in place.
 */
import type { Buffer } from "../memory-plan.js";
import { kernelConstants } from "../signatures.js";
import type { Context } from "./context.js";
import { geometry, type Convolution } from "./geometry.js";
import type { Gradients } from "./gradients.js";
import type { Row } from "./row.js";

const { PANEL_COLUMNS } = kernelConstants;

/** [K, N] weights (given as [N, K] if `transposed`), packed into the panels that matrix products read. */
function packed({ call, plan }: Context, K: number, N: number, weight: Buffer, transposed: 0 | 1): Buffer {
  const to = plan.buffer(K * Math.ceil(N / PANEL_COLUMNS) * PANEL_COLUMNS);
  call("packPanels", { K, N, b: weight, transposed, to });
  return to;
}

function forward(context: Context, node: Convolution): void {
  const { call, plan, batch: B } = context;
  const { k, stride, C, N, size, out, M, pointwise } = geometry(context, node);
  const [x, y, w] = [context.value(node.in.x), context.value(node.out.y), context.parameter(node.in.weight)];
  const panels = packed(context, k * k * C, N, w, 0);
  if (pointwise) {
    call("matmul", { M, N, K: C, a: x, panels, c: y, accumulate: 0 });
  } else {
    const scratch = plan.buffer(out * out * k * k * C);
    call("conv", { B, size, C, k, stride, out, N, x, panels, y, scratch });
  }
  if (node.in.bias) {
    call("addBias", { M, C: N, bias: context.parameter(node.in.bias), y });
  }
}

function backward(context: Context, node: Convolution, gradients: Gradients): void {
  const { call, plan, batch: B } = context;
  const { k, stride, C, N, size, out, M, pointwise } = geometry(context, node);
  const dy = gradients.take(node.out.y);
  const [x, w, dw] = [context.value(node.in.x), context.parameter(node.in.weight), context.gradientOf(node.in.weight)];
  const scratch = pointwise ? undefined : plan.buffer(out * out * k * k * C);
  if (node.in.bias) {
    call("biasGradient", { M, C: N, dy, dbias: context.gradientOf(node.in.bias) });
  }
  if (scratch) call("convFilterGradient", { B, size, C, k, stride, out, N, x, dy, dw, scratch });
  else call("matmulTransposedA", { M, N, K: C, a: x, b: dy, c: dw });
  gradients.give(node.in.x, (dx, accumulate) => {
    const panels = packed(context, N, k * k * C, w, 1);
    if (scratch) call("convInputGradient", { B, size, C, k, stride, out, N, dy, panels, dx, scratch, accumulate });
    else call("matmul", { M, N: C, K: N, a: dy, panels, c: dx, accumulate });
  });
}

export const convolution: Row<Convolution> = { forward, backward };
