/** Activations and their gradients in one pass over memory each. */
import type { ActivationFunction } from "../../../graph/operators.js";
import type { BackendKernels, TF } from "../backend.js";
import { mapElements } from "./program.js";

/** exp stays finite: WGSL promises nothing about infinities. */
const sigmoid = "1.0 / (1.0 + exp(-max(v, -80.0)))";

/** f'(v), of v alone. */
const slopes: Record<ActivationFunction, { readonly prepare?: string; readonly slope: string }> = {
  relu: { slope: "select(0.0, 1.0, v > 0.0)" },
  relu6: { slope: "select(0.0, 1.0, v > 0.0 && v < 6.0)" },
  swish: { prepare: `let s = ${sigmoid};`, slope: "(s + v * s * (1.0 - s))" },
  "hard-swish": { slope: "select((2.0 * v + 3.0) / 6.0, select(0.0, 1.0, v > 0.0), abs(v) >= 3.0)" },
  sigmoid: { prepare: `let s = ${sigmoid};`, slope: "s * (1.0 - s)" },
  "hard-sigmoid": { slope: "select(0.0, 1.0 / 6.0, abs(v) < 3.0)" },
};

export const activationGradient =
  (tf: TF): BackendKernels["activationGradient"] =>
  (name, dy, x) => {
    const { prepare = "", slope } = slopes[name];
    return mapElements(tf, {
      key: `${name}'s gradient`,
      inputs: { dy, x },
      prepare: `let v = x[index]; ${prepare}`,
      value: `dy[index] * ${slope}`,
    });
  };
