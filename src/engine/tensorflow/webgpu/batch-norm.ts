/**
 * Batch norm by the batch's own statistics, in as few passes over memory as a GPU allows: two for the statistics (the
 * mean first, so that the variance loses no digits to a large mean), one to normalise; backward, one for both sums and
 * one for the input's gradient.
 *
 *   x̂ = (x − mean) · s,  s = 1 / √(variance + ε),  y = γ·x̂ + β
 *   dβ = Σ dy,  dγ = Σ dy·x̂,  dx = γ·s·(dy − dβ/n − x̂·dγ/n)
 */
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { BackendKernels, TF } from "../backend.js";
import { mapElements } from "./program.js";
import { sumRows } from "./sum-rows.js";

/** Here `mean` and `variance` are the sums over rows, n times the real values. */
const statistics = `
  let n = f32(uniforms.rows);
  let average = mean[channel] / n;
  let scale = inverseSqrt(variance[channel] / n + uniforms.epsilon);`;

export const batchNorm =
  (tf: TF): BackendKernels["batchNorm"] =>
  (x, gamma, beta, epsilon) => {
    const channels = gamma.size;
    const rows = x.size / channels;
    const shared = { rows, channels, epsilon };
    const mean = sumRows(tf, { ...shared, key: "mean", inputs: { x }, terms: ["x[at]"] });
    const variance = sumRows(tf, {
      ...shared,
      key: "variance",
      inputs: { x, mean },
      prepare: "let difference = x[at] - mean[channel] / f32(uniforms.rows);",
      terms: ["difference * difference"],
    });
    return {
      y: mapElements(tf, {
        key: "normalise",
        inputs: { x, mean, variance, gamma, beta },
        sizes: { rows },
        epsilon,
        prepare: statistics,
        value: "(x[index] - average) * scale * gamma[channel] + beta[channel]",
      }),
      kept: [mean, variance],
      backward(dy) {
        const sums = sumRows(tf, {
          ...shared,
          key: "batch norm's gradients",
          inputs: { dy, x, mean, variance },
          prepare: statistics,
          terms: ["dy[at]", "dy[at] * (x[at] - average) * scale"],
        });
        const dx = mapElements(tf, {
          key: "batch norm's input gradient",
          inputs: { dy, x, mean, variance, gamma, sums },
          sizes: { rows },
          epsilon,
          prepare: statistics,
          value: `gamma[channel] * scale * (dy[index] - sums[channel] / n
            - (x[index] - average) * scale * sums[uniforms.channels + channel] / n)`,
        });
        const [dBeta, dGamma] = tf.split<Tensor1D>(tf.reshape(sums, [2 * channels]), 2);
        return { x: dx, gamma: dGamma!, beta: dBeta! };
      },
    };
  };
