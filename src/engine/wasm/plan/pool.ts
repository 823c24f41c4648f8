/** Pooling: over windows, and over all pixels. */
import type { RowOf } from "./row.js";

export const averagePool: RowOf<"averagePool"> = {
  forward(context, step) {
    const { kernels, plan, batch } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
    const { stride } = step.attributes;
    plan.step([x, y], () => kernels.averagePool(batch, size, C, stride, out, x.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan, batch } = context;
    const dy = gradients.take(step.out.y);
    const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
    const { stride } = step.attributes;
    gradients.give(step.in.x, (dx, accumulate) =>
      plan.step([dy, dx], () =>
        kernels.averagePoolGradient(batch, size, C, stride, out, dy.address, dx.address, accumulate),
      ),
    );
  },
};

export const globalAveragePool: RowOf<"globalAveragePool"> = {
  forward(context, step) {
    const { kernels, plan, batch } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    plan.step([x, y], () => kernels.globalAveragePool(batch, P, C, x.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan, batch } = context;
    const dy = gradients.take(step.out.y);
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    gradients.give(step.in.x, (dx, accumulate) =>
      plan.step([dy, dx], () => kernels.globalAveragePoolGradient(batch, P, C, dy.address, dx.address, accumulate)),
    );
  },
};
