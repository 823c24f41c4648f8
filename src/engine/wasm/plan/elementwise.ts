/** Operators that touch each number once: activations that follow no batch norm, sums, products, copies. */
import { activationCodes } from "../kernels.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import type { RowOf } from "./row.js";

const copy = ({ arena }: Context, from: Buffer, to: Buffer): void => {
  arena.floats().copyWithin(to.address / 4, from.address / 4, (from.address + Math.min(from.bytes, to.bytes)) / 4);
};

export const activation: RowOf<"activation"> = {
  forward(context, step) {
    const { kernels, plan } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const code = activationCodes[step.attributes.function];
    const count = context.count(step.in.x);
    plan.step([x, y], () => kernels.activation(count, code, x.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan } = context;
    const [x, dy] = [context.value(step.in.x), gradients.take(step.out.y)];
    const code = activationCodes[step.attributes.function];
    const count = context.count(step.in.x);
    plan.step([x, dy], () => kernels.activationGradient(count, code, x.address, dy.address, dy.address));
    gradients.hand(step.in.x, dy);
  },
};

export const add: RowOf<"add"> = {
  forward(context, step) {
    const { kernels, plan } = context;
    const [a, b, y] = [context.value(step.in.x), context.value(step.in.branch), context.value(step.out.y)];
    const count = context.count(step.out.y);
    plan.step([a, b, y], () => kernels.add(count, a.address, b.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan } = context;
    const dy = gradients.take(step.out.y);
    gradients.give(step.in.branch, (dx, accumulate) => {
      const count = context.count(step.out.y);
      plan.step([dy, dx], () =>
        accumulate ? kernels.add(count, dx.address, dy.address, dx.address) : copy(context, dy, dx),
      );
    });
    gradients.hand(step.in.x, dy);
  },
};

export const multiply: RowOf<"multiply"> = {
  forward(context, step) {
    const { kernels, plan, batch } = context;
    const [x, factor, y] = [context.value(step.in.x), context.value(step.in.factor), context.value(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    plan.step([x, factor, y], () => kernels.multiply(batch, P, C, x.address, factor.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan, batch } = context;
    const [x, factor, dy] = [context.value(step.in.x), context.value(step.in.factor), gradients.take(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    const dfactor = plan.buffer(context.count(step.in.factor));
    plan.step([x, factor, dy, dfactor], () =>
      kernels.multiplyGradient(batch, P, C, x.address, factor.address, dy.address, dfactor.address),
    );
    gradients.hand(step.in.x, dy);
    gradients.hand(step.in.factor, dfactor);
  },
};

export const flatten: RowOf<"flatten"> = {
  forward(context, step) {
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    context.plan.step([x, y], () => copy(context, x, y));
  },
  backward(_, step, gradients) {
    gradients.hand(step.in.x, gradients.take(step.out.y));
  },
};

export const dropout: RowOf<"dropout"> = {
  forward(context, step) {
    const { kernels, plan } = context;
    const [x, y, factors] = [context.value(step.in.x), context.value(step.out.y), context.dropout];
    const count = context.count(step.in.x);
    plan.step([x, y, factors], () => kernels.product(count, x.address, factors.address, y.address));
  },
  backward(context, step, gradients) {
    const { kernels, plan } = context;
    const [dy, factors] = [gradients.take(step.out.y), context.dropout];
    const count = context.count(step.in.x);
    plan.step([dy, factors], () => kernels.product(count, dy.address, factors.address, dy.address));
    gradients.hand(step.in.x, dy);
  },
};
