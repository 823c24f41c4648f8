/**
 * Pass: swish becomes x · sigmoid(x), and hard-swish x · hard-sigmoid(x), as two nodes. Apart, each computes in whole numbers: runtimes have a
 * sigmoid and a product of 8 bits, and no swish.
 */
import type { ActivationFunction } from "../graph/activations.js";
import { passOf, type AnyNode } from "./rule.js";

const gates: Partial<Record<ActivationFunction, ActivationFunction>> = {
  swish: "sigmoid",
  "hard-swish": "hard-sigmoid",
};

export const splitSwish = passOf({
  name: "split-swish",
  op: "activation",
  apply(activation) {
    const {
      name,
      attributes,
      in: { x },
      out: { y },
    } = activation;
    const gate = gates[attributes.function];
    if (!gate) return undefined;
    const factor = { ...y, name: `${y.name}.gate` };
    const nodes: AnyNode[] = [
      { ...activation, name: `${name}.gate`, attributes: { function: gate }, out: { y: factor } },
      { op: "multiply", name, in: { x, factor }, attributes: {}, out: { y } },
    ];
    return { replace: new Map([[activation, nodes]]), weights: new Map(), did: `split into ${gate} and multiply` };
  },
});
