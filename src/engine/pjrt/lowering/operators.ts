/** Each operator and its gradient in StableHLO, one row each. Activations are NHWC. */
import type { ActivationFunction } from "../../../graph/activations.js";
import type { NodeOf, OperatorName } from "../../../graph/operators.js";
import type { Parameter, Value } from "../../../graph/values.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";
import { convolution, depthwise } from "./convolutions.js";
import type { Backend } from "./lowering.js";

/** What batch norm's gradient needs of its forward pass: vectors of [channels], and the normalised values. */
export interface Normalised {
  readonly values: Tensor;
  readonly inverse: Tensor;
}

/** A forward pass in progress, and then the backward pass over it. */
export interface Tape {
  readonly w: StableWriter;
  readonly backend: Backend;
  value(value: Value): Tensor;
  parameter(parameter: Parameter): Tensor;
  /** [batch, features], factors. */
  readonly dropout: Tensor | undefined;
  setValue(value: Value, tensor: Tensor): void;
  /** By the node's name. */
  readonly normalised: Map<string, Normalised>;
  /** Gradient of a value, summed over all its readers. */
  gradient(value: Value): Tensor;
  addGradient(to: Value | Parameter, tensor: () => Tensor): void;
}

interface Row<Name extends OperatorName<"trained">> {
  readonly forward: (tape: Tape, node: NodeOf<Name, "trained", number>) => void;
  readonly backward: (tape: Tape, node: NodeOf<Name, "trained", number>) => void;
}

const overPixels = [0, 1, 2];

const biased = (tape: Tape, sum: Tensor, bias: Parameter | undefined): Tensor =>
  bias ? tape.w.add(sum, tape.parameter(bias)) : sum;

interface Slope {
  readonly forward: (w: StableWriter, x: Tensor) => Tensor;
  /** @param y the function's value at x */
  readonly slope: (w: StableWriter, x: Tensor, y: Tensor) => Tensor;
}

/** 1 where low < x < high, 0 elsewhere. */
const between = (w: StableWriter, x: Tensor, low: number, high: number): Tensor =>
  w.convert(w.and(w.compare("GT", x, low), w.compare("LT", x, high)), "f32");

const clipped = (w: StableWriter, x: Tensor, low: number, high: number): Tensor => w.minimum(w.maximum(x, low), high);

const functions: Readonly<Record<ActivationFunction, Slope>> = {
  relu: {
    forward: (w, x) => w.maximum(x, 0),
    slope: (w, x) => w.convert(w.compare("GT", x, 0), "f32"),
  },
  relu6: { forward: (w, x) => clipped(w, x, 0, 6), slope: (w, x) => between(w, x, 0, 6) },
  sigmoid: {
    forward: (w, x) => w.unary("logistic", x),
    slope: (w, _, y) => w.multiply(y, w.subtract(1, y)),
  },
  // σ(x) · (1 + x − y)
  swish: {
    forward: (w, x) => w.multiply(x, w.unary("logistic", x)),
    slope: (w, x, y) => w.multiply(w.unary("logistic", x), w.add(w.subtract(x, y), 1)),
  },
  "hard-sigmoid": {
    forward: (w, x) => w.divide(clipped(w, w.add(x, 3), 0, 6), 6),
    slope: (w, x) => w.divide(between(w, x, -3, 3), 6),
  },
  // relu6(x + 3) / 6 + x · its slope
  "hard-swish": {
    forward: (w, x) => w.divide(w.multiply(x, clipped(w, w.add(x, 3), 0, 6)), 6),
    slope: (w, x) => w.divide(w.add(clipped(w, w.add(x, 3), 0, 6), w.multiply(x, between(w, x, -3, 3))), 6),
  },
};

/** The row of a convolution of either kind. */
const convolved = (kind: typeof convolution): Row<"conv"> & Row<"depthwise"> => ({
  forward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
    const sum = kind(tape.w, attributes, tape.backend).forward(tape.value(x), tape.parameter(weight));
    tape.setValue(y, biased(tape, sum, bias));
  },
  backward(tape, { in: { x, weight, bias }, attributes, out: { y } }) {
    const made = kind(tape.w, attributes, tape.backend);
    const [input, filter, dy] = [tape.value(x), tape.parameter(weight), tape.gradient(y)];
    tape.addGradient(weight, () => made.weightGradient(input, filter, dy));
    tape.addGradient(x, () => made.inputGradient(input, filter, dy));
    if (bias) tape.addGradient(bias, () => tape.w.reduce("add", dy, overPixels));
  },
});

export const rows: { readonly [Name in OperatorName<"trained">]: Row<Name> } = {
  conv: convolved(convolution),
  depthwise: convolved(depthwise),
  dense: {
    forward(tape, { in: { x, weight, bias }, out: { y } }) {
      tape.setValue(y, biased(tape, tape.w.product(tape.value(x), tape.parameter(weight), [1, 0]), bias));
    },
    backward(tape, { in: { x, weight, bias }, out: { y } }) {
      const { w } = tape;
      const dy = tape.gradient(y);
      tape.addGradient(weight, () => w.product(tape.value(x), dy, [0, 0]));
      tape.addGradient(x, () => w.product(dy, tape.parameter(weight), [1, 1]));
      if (bias) tape.addGradient(bias, () => w.reduce("add", dy, [0]));
    },
  },
  batchNorm: {
    forward(tape, { name, in: { x, gamma, beta }, attributes: { epsilon }, out: { y } }) {
      const { w } = tape;
      const input = tape.value(x);
      const mean = (of: Tensor): Tensor => w.divide(w.reduce("add", of, overPixels), rowsOf(of));
      const centred = w.subtract(input, mean(input));
      const variance = mean(w.multiply(centred, centred));
      const inverse = w.divide(1, w.unary("sqrt", w.add(variance, epsilon)));
      const values = w.multiply(centred, inverse);
      tape.normalised.set(name, { values, inverse });
      tape.setValue(y, w.add(w.multiply(values, tape.parameter(gamma)), tape.parameter(beta)));
    },
    backward(tape, { name, in: { x, gamma, beta }, out: { y } }) {
      const { w } = tape;
      const dy = tape.gradient(y);
      const { values, inverse } = tape.normalised.get(name)!;
      const dBeta = w.reduce("add", dy, overPixels);
      const dGamma = w.reduce("add", w.multiply(dy, values), overPixels);
      tape.addGradient(gamma, () => dGamma);
      tape.addGradient(beta, () => dBeta);
      tape.addGradient(x, () => {
        const mean = w.divide(dBeta, rowsOf(dy));
        const along = w.multiply(values, w.divide(dGamma, rowsOf(dy)));
        return w.multiply(w.subtract(w.subtract(dy, mean), along), w.multiply(tape.parameter(gamma), inverse));
      });
    },
  },
  activation: {
    forward(tape, { in: { x }, attributes, out: { y } }) {
      tape.setValue(y, functions[attributes.function].forward(tape.w, tape.value(x)));
    },
    backward(tape, { in: { x }, attributes, out: { y } }) {
      const { w } = tape;
      const { slope } = functions[attributes.function];
      tape.addGradient(x, () => w.multiply(tape.gradient(y), slope(w, tape.value(x), tape.value(y))));
    },
  },
  add: {
    forward(tape, { in: { x, branch }, out: { y } }) {
      tape.setValue(y, tape.w.add(tape.value(x), tape.value(branch)));
    },
    backward(tape, { in: { x, branch }, out: { y } }) {
      for (const term of [x, branch]) tape.addGradient(term, () => tape.gradient(y));
    },
  },
  multiply: {
    forward(tape, { in: { x, factor }, out: { y } }) {
      tape.setValue(y, tape.w.multiply(tape.value(x), tape.value(factor)));
    },
    backward(tape, { in: { x, factor }, out: { y } }) {
      const { w } = tape;
      const dy = tape.gradient(y);
      tape.addGradient(x, () => w.multiply(dy, tape.value(factor)));
      tape.addGradient(factor, () =>
        w.reshape(w.reduce("add", w.multiply(dy, tape.value(x)), [1, 2]), tape.value(factor).type.shape),
      );
    },
  },
  // Windows are dimensions of their own: [batch, rows, stride, columns, stride, channels].
  averagePool: {
    forward(tape, { in: { x }, attributes: { stride }, out: { y } }) {
      const { w } = tape;
      const input = tape.value(x);
      const { windows, missing } = windowsOf(input, stride);
      const whole = w.pad(input, { low: [0, 0, 0, 0], high: [0, ...missing, 0] });
      const sums = w.reduce("add", w.reshape(whole, windows), [2, 4]);
      tape.setValue(y, w.divide(sums, pixelsIn(w, input, stride)));
    },
    backward(tape, { in: { x }, attributes: { stride }, out: { y } }) {
      const { w } = tape;
      const input = tape.value(x);
      const { windows, missing } = windowsOf(input, stride);
      tape.addGradient(x, () => {
        const share = w.divide(tape.gradient(y), pixelsIn(w, input, stride));
        const [batch, height, width, channels] = input.type.shape as [number, number, number, number];
        const whole = [batch, height + missing[0], width + missing[1], channels];
        return w.slice(w.reshape(w.spread(share, windows, [0, 1, 3, 5]), whole), [0, 0, 0, 0], input.type.shape);
      });
    },
  },
  globalAveragePool: {
    forward(tape, { in: { x }, out: { y } }) {
      const { w } = tape;
      const input = tape.value(x);
      const [batch, height, width, channels] = input.type.shape as [number, number, number, number];
      const mean = w.divide(w.reduce("add", input, [1, 2]), height * width);
      tape.setValue(y, w.reshape(mean, [batch, 1, 1, channels]));
    },
    backward(tape, { in: { x }, out: { y } }) {
      const { w } = tape;
      const { shape } = tape.value(x).type;
      tape.addGradient(x, () => w.broadcast(w.divide(tape.gradient(y), shape[1]! * shape[2]!), shape));
    },
  },
  flatten: {
    forward(tape, { in: { x }, out: { y } }) {
      const { shape } = tape.value(x).type;
      tape.setValue(y, tape.w.reshape(tape.value(x), [shape[0]!, shape.at(-1)!]));
    },
    backward(tape, { in: { x }, out: { y } }) {
      tape.addGradient(x, () => tape.w.reshape(tape.gradient(y), tape.value(x).type.shape));
    },
  },
  dropout: {
    forward(tape, { in: { x }, out: { y } }) {
      const { w, dropout } = tape;
      tape.setValue(y, dropout ? w.multiply(tape.value(x), dropout) : tape.value(x));
    },
    backward(tape, { in: { x }, out: { y } }) {
      const { w, dropout } = tape;
      tape.addGradient(x, () => (dropout ? w.multiply(tape.gradient(y), dropout) : tape.gradient(y)));
    },
  },
  fakeQuantize: {
    forward(tape, { in: { x }, attributes: { bits, range }, out: { y } }) {
      const { w } = tape;
      const input = tape.value(x);
      const levels = 2 ** bits - 1;
      const all = input.type.shape.map((_, dimension) => dimension);
      const [smallest, largest] = range
        ? range.map((end) => w.vector([end]))
        : [w.minimum(w.reduce("minimum", input, all), 0), w.maximum(w.reduce("maximum", input, all), 0)];
      const size = w.multiply(w.subtract(largest!, smallest!), 1 / levels);
      const wide = w.select(w.compare("LT", size, 1e-30), 1, size);
      const unit = w.multiply(w.nearestPowerOfTwo(wide), 2 ** -15);
      const scale = w.multiply(nearest(w, w.divide(wide, unit)), unit);
      const step = w.multiply(scale, 1 - 2 ** -14);
      const low = w.subtract(0, nearest(w, w.divide(w.subtract(0, smallest!), step)));
      const whole = nearest(w, w.divide(input, step));
      tape.setValue(y, w.multiply(w.minimum(w.maximum(whole, low), w.add(low, levels)), scale));
    },
    backward(tape, { in: { x }, out: { y } }) {
      tape.addGradient(x, () => tape.gradient(y));
    },
  },
};

/** The nearest whole number; of two, the even one. */
const nearest = (w: StableWriter, x: Tensor): Tensor => w.unary("round_nearest_even", x);

/** Values per channel. */
const rowsOf = ({ type: { shape } }: Tensor): number => shape.slice(0, -1).reduce((product, size) => product * size, 1);

/** The shape of an image cut into windows, and the rows and columns that it lacks for that. */
function windowsOf(
  { type: { shape } }: Tensor,
  stride: number,
): { readonly windows: readonly number[]; readonly missing: readonly [number, number] } {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  return {
    windows: [batch, rows, stride, columns, stride, channels],
    missing: [rows * stride - height, columns * stride - width],
  };
}

/** [1, rows, columns, 1]: the pixels of each window; the last may be partial. */
function pixelsIn(w: StableWriter, { type: { shape } }: Tensor, stride: number): Tensor {
  const along = (size: number): Tensor =>
    w.vector(Array.from({ length: Math.ceil(size / stride) }, (_, i) => Math.min(stride, size - i * stride)));
  const [, height, width] = shape as [number, number, number];
  const [rows, columns] = [along(height), along(width)];
  return w.multiply(
    w.reshape(rows, [1, rows.type.shape[0]!, 1, 1]),
    w.reshape(columns, [1, 1, columns.type.shape[0]!, 1]),
  );
}
