/** Convolutions and dense layers: one matrix product over patches, or over pixels as they lie where the kernel is 1×1. */
import type { Context } from "./context.js";
import { geometry, type Convolution } from "./geometry.js";
import type { Gradients } from "./gradients.js";
import type { Row } from "./row.js";

/** Floats of [K, N] as panels of 8 columns. */
const panelCount = (K: number, N: number): number => K * Math.ceil(N / 8) * 8;

function forward(context: Context, node: Convolution): void {
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

function backward(context: Context, node: Convolution, gradients: Gradients): void {
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

export const convolution: Row<Convolution> = { forward, backward };
