/**
 * Pass: hard-sigmoid(w·x + b) with slope 1/6 becomes hard-sigmoid(w'·x + b') with slope 1/5, w' = 5/6 w, b' = 5/6 b. OpenCV (4.14
 * and 5.0) takes y · HardSigmoid(x) with slope 1/6 for a hard-swish even where y is not x, as in squeeze-and-excite: the file
 * then loads and its logits are wrong. 1/5 is ONNX's default and taken for nothing. It costs nothing: the same operators run.
 * Does not apply where no conv of its own stands before.
 */
import { plainSize, type Node, type Parameter } from "../graph/graph.js";
import { scaled } from "./numbers.js";
import type { Pass } from "./passes.js";
import { soleConvBefore } from "./sole-conv-before.js";

const SLOPE = 1 / 5;
const FACTOR = 1 / 6 / SLOPE;

export const foldHardSigmoid: Pass = {
  name: "fold-hard-sigmoid",
  run(child) {
    const convBefore = soleConvBefore(child.graph);
    const weights = new Map(child.weights);
    const scale = (parameter: Parameter): void => {
      const numbers = weights.get(parameter.name);
      if (!numbers) throw new Error(`internal: fold-hard-sigmoid: no numbers for ${parameter.name}`);
      const channels = plainSize(parameter.shape.at(-1)!);
      weights.set(parameter.name, scaled(numbers, parameter, new Float64Array(channels).fill(FACTOR)));
    };
    const nodes = child.graph.nodes.map((node): Node => {
      if (node.op !== "activation" || node.attributes.function !== "hard-sigmoid") return node;
      const conv = node.attributes.slope === undefined && convBefore(node.in.x);
      if (!conv) return node;
      scale(conv.in.weight);
      if (conv.in.bias) scale(conv.in.bias);
      return { ...node, attributes: { ...node.attributes, slope: SLOPE } };
    });
    const applied = nodes.some((node, i) => node !== child.graph.nodes[i]);
    return applied ? { graph: { ...child.graph, nodes }, weights } : child;
  },
};
