/**
 * Pass: conv then batch norm becomes conv. w' = w · s, b' = (b − μ) · s + β with s = γ / √(σ² + ε), per output channel.
 * Does not apply if something else reads the conv or its weights, or if the batch norm has no measured statistics.
 */
import { isParameter, type Parameter } from "../graph/values.js";
import { pack, scaled, type Numbers } from "./numbers.js";
import { passOf, skip, type AnyNode } from "./rule.js";
import { soleConvBefore } from "./sole-conv-before.js";

export const foldBatchNorm = passOf({
  name: "fold-batch-norm",
  op: "batchNorm",
  apply(norm, site) {
    const conv = soleConvBefore(site, norm.in.x);
    if ("skip" in conv) return conv;
    const { gamma, beta, mean, variance } = norm.in;
    if (!isParameter(mean) || !isParameter(variance)) return skip("its statistics are not measured yet");
    const read = (parameter: Parameter): Float32Array => pack(site.numbers(parameter));
    const [mu, sigma] = [read(mean), read(variance)];
    // `Float64Array.from` with a function would take ten times as long.
    const scale = new Float64Array(read(gamma)).map((g, c) => g / Math.sqrt(sigma[c]! + norm.attributes.epsilon));
    const old = conv.in.bias && read(conv.in.bias);
    const { weight, bias = biasOf(conv.name, gamma) } = conv.in;
    return {
      replace: new Map<AnyNode, readonly AnyNode[]>([
        [conv, [{ ...conv, in: { ...conv.in, bias }, out: norm.out }]],
        [norm, []],
      ]),
      weights: new Map<string, Numbers>([
        [weight.name, scaled(site.numbers(weight), weight, scale)],
        [bias.name, read(beta).map((b, c) => ((old?.[c] ?? 0) - mu[c]!) * scale[c]! + b)],
      ]),
      did: "folded into the conv before it",
    };
  },
});

const biasOf = (conv: string, { shape, dtype }: Parameter<number>): Parameter<number> => ({
  name: `${conv}.bias`,
  shape,
  dtype,
  initializer: "zeros",
  decay: false,
});
