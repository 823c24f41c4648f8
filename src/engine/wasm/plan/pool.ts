/** Pooling: over windows, and over all pixels. */
import type { RowOf } from "./row.js";

export const averagePool: RowOf<"averagePool"> = {
  forward(context, step) {
    const { call, batch: B } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
    const { stride } = step.attributes;
    call("averagePool", { B, size, C, stride, out, x, y });
  },
  backward(context, step, gradients) {
    const { call, batch: B } = context;
    const dy = gradients.take(step.out.y);
    const [size, C, out] = [context.extent(step.in.x), context.channels(step.in.x), context.extent(step.out.y)];
    const { stride } = step.attributes;
    gradients.give(step.in.x, (dx, accumulate) =>
      call("averagePoolGradient", { B, size, C, stride, out, dy, dx, accumulate }),
    );
  },
};

export const globalAveragePool: RowOf<"globalAveragePool"> = {
  forward(context, step) {
    const { call, batch: B } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    call("globalAveragePool", { B, P, C, x, y });
  },
  backward(context, step, gradients) {
    const { call, batch: B } = context;
    const dy = gradients.take(step.out.y);
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    gradients.give(step.in.x, (dx, accumulate) => call("globalAveragePoolGradient", { B, P, C, dy, dx, accumulate }));
  },
};
