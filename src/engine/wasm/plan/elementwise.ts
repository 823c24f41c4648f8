/** Operators that touch each value once: activations that follow no batch norm, sums, products, copies. */
import { activationCodes } from "../kernels.js";
import type { Buffer } from "../memory-plan.js";
import type { Context } from "./context.js";
import type { RowOf } from "./row.js";

function copy({ plan, arena }: Context, from: Buffer, to: Buffer): void {
  const bytes = Math.min(from.bytes, to.bytes);
  plan.step([from, to], () => arena.floats().copyWithin(to.address / 4, from.address / 4, (from.address + bytes) / 4));
}

export const activation: RowOf<"activation"> = {
  forward(context, step) {
    const { call } = context;
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const code = activationCodes[step.attributes.function];
    const count = context.count(step.in.x);
    call("activation", { count, code, x, y });
  },
  backward(context, step, gradients) {
    const { call } = context;
    const [x, dy] = [context.value(step.in.x), gradients.take(step.out.y)];
    const code = activationCodes[step.attributes.function];
    const count = context.count(step.in.x);
    call("activationGradient", { count, code, x, dy, dx: dy });
    gradients.hand(step.in.x, dy);
  },
};

export const add: RowOf<"add"> = {
  forward(context, step) {
    const { call } = context;
    const [a, b, y] = [context.value(step.in.x), context.value(step.in.branch), context.value(step.out.y)];
    const count = context.count(step.out.y);
    call("add", { count, a, b, y });
  },
  backward(context, step, gradients) {
    const { call } = context;
    const dy = gradients.take(step.out.y);
    gradients.give(step.in.branch, (dx, accumulate) => {
      const count = context.count(step.out.y);
      if (accumulate) call("add", { count, a: dx, b: dy, y: dx });
      else copy(context, dy, dx);
    });
    gradients.hand(step.in.x, dy);
  },
};

export const multiply: RowOf<"multiply"> = {
  forward(context, step) {
    const { call, batch: B } = context;
    const [x, factor, y] = [context.value(step.in.x), context.value(step.in.factor), context.value(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    call("multiply", { B, P, C, x, factor, y });
  },
  backward(context, step, gradients) {
    const { call, plan, batch: B } = context;
    const [x, factor, dy] = [context.value(step.in.x), context.value(step.in.factor), gradients.take(step.out.y)];
    const [P, C] = [context.extent(step.in.x) ** 2, context.channels(step.in.x)];
    const dfactor = plan.buffer(context.count(step.in.factor));
    call("multiplyGradient", { B, P, C, x, factor, dy, dfactor });
    gradients.hand(step.in.x, dy);
    gradients.hand(step.in.factor, dfactor);
  },
};

export const flatten: RowOf<"flatten"> = {
  forward(context, step) {
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    copy(context, x, y);
  },
  backward(_, step, gradients) {
    gradients.hand(step.in.x, gradients.take(step.out.y));
  },
};

export const dropout: RowOf<"dropout"> = {
  forward(context, step) {
    const { call } = context;
    const [x, y, factors] = [context.value(step.in.x), context.value(step.out.y), context.dropout];
    const count = context.count(step.in.x);
    call("product", { count, a: x, b: factors, y });
  },
  backward(context, step, gradients) {
    const { call } = context;
    const [dy, factors] = [gradients.take(step.out.y), context.dropout];
    const count = context.count(step.in.x);
    call("product", { count, a: dy, b: factors, y: dy });
    gradients.hand(step.in.x, dy);
  },
};

export const fakeQuantize: RowOf<"fakeQuantize"> = {
  forward(context, step) {
    const { call } = context;
    const { bits, range } = step.attributes;
    const [smallest, largest] = range ?? [0, 0];
    const [x, y] = [context.value(step.in.x), context.value(step.out.y)];
    const count = context.count(step.in.x);
    call("fakeQuantize", { count, levels: 2 ** bits - 1, own: range ? 0 : 1, smallest, largest, x, y });
  },
  backward(_, step, gradients) {
    gradients.hand(step.in.x, gradients.take(step.out.y));
  },
};
