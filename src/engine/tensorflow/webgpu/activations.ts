/** Activations and their gradients in one pass over memory each. */
import type { ActivationFunction } from "../../../graph/activations.js";
import type { BackendKernels, TF } from "../backend.js";
import { mapElements } from "./program.js";

/** Keeps exp finite: WGSL guarantees nothing about infinities. */
const sigmoid = "1.0 / (1.0 + exp(-max(v, -80.0)))";

/** f(v), and f'(v) of v alone. */
const formulas: Record<
  ActivationFunction,
  { readonly prepare?: string; readonly value: string; readonly slope: string }
> = {
  relu: { value: "max(v, 0.0)", slope: "select(0.0, 1.0, v > 0.0)" },
  relu6: { value: "clamp(v, 0.0, 6.0)", slope: "select(0.0, 1.0, v > 0.0 && v < 6.0)" },
  swish: { prepare: `let s = ${sigmoid};`, value: "v * s", slope: "(s + v * s * (1.0 - s))" },
  "hard-swish": {
    value: "v * clamp(v + 3.0, 0.0, 6.0) / 6.0",
    slope: "select((2.0 * v + 3.0) / 6.0, select(0.0, 1.0, v > 0.0), abs(v) >= 3.0)",
  },
  sigmoid: { prepare: `let s = ${sigmoid};`, value: "s", slope: "s * (1.0 - s)" },
  "hard-sigmoid": { value: "clamp(v + 3.0, 0.0, 6.0) / 6.0", slope: "select(0.0, 1.0 / 6.0, abs(v) < 3.0)" },
};

export const activation =
  (tf: TF): BackendKernels["activation"] =>
  (name, x) => {
    const { prepare = "", value } = formulas[name];
    return mapElements(tf, { key: name, inputs: { x }, prepare: `let v = x[index]; ${prepare}`, value });
  };

export const activationGradient =
  (tf: TF): BackendKernels["activationGradient"] =>
  (name, dy, x) => {
    const { prepare = "", slope } = formulas[name];
    return mapElements(tf, {
      key: `${name}'s gradient`,
      inputs: { dy, x },
      prepare: `let v = x[index]; ${prepare}`,
      value: `dy[index] * ${slope}`,
    });
  };
