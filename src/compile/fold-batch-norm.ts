/**
 * Pass: conv then batch norm becomes conv. w' = w · s, b' = (b − μ) · s + β with s = γ / √(σ² + ε), per output channel.
 * Does not apply where something else reads the conv or its weights, or the batch norm has no statistics of its own.
 */
import { isParameter, type Node, type Parameter } from "../graph/graph.js";
import type { NodeOf } from "../graph/operators.js";
import type { Child } from "./child.js";
import { pack, scaled, type Numbers } from "./numbers.js";
import type { Pass } from "./passes.js";
import { soleConvBefore, type AnyConv } from "./sole-conv-before.js";

export const foldBatchNorm: Pass = {
  name: "fold-batch-norm",
  run(child: Child): Child {
    const { graph, weights } = child;
    const convBefore = soleConvBefore(graph);
    const folded = new Map(weights);
    const replaced = new Map<Node, Node | undefined>();
    for (const norm of graph.nodes) {
      if (norm.op !== "batchNorm") continue;
      const conv = convBefore(norm.in.x);
      if (!conv) continue;
      const { mean, variance } = norm.in;
      if (!mean || !variance || !isParameter(mean) || !isParameter(variance)) continue;
      const bias = foldInto(folded, conv, norm, mean, variance);
      replaced.set(conv, { ...conv, in: { ...conv.in, bias }, out: norm.out });
      replaced.set(norm, undefined);
    }
    if (replaced.size === 0) return child;
    const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
    const used = new Set(nodes.flatMap((node) => Object.values<{ name: string }>(node.in).map(({ name }) => name)));
    return { graph: { ...graph, nodes }, weights: new Map([...folded].filter(([name]) => used.has(name))) };
  },
};

/** Writes w' and b' under the conv's names; returns the bias. */
function foldInto(
  weights: Map<string, Numbers>,
  conv: AnyConv,
  norm: NodeOf<"batchNorm">,
  mean: Parameter,
  variance: Parameter,
): Parameter {
  const numbers = ({ name }: Parameter): Numbers => {
    const found = weights.get(name);
    if (!found) throw new Error(`internal: fold-batch-norm: no numbers for ${name}`);
    return found;
  };
  const read = (parameter: Parameter): Float32Array => pack(numbers(parameter));
  const [gamma, beta, mu, sigma] = [read(norm.in.gamma), read(norm.in.beta), read(mean), read(variance)];
  // `Float64Array.from` with a function takes ten times as long.
  const scale = new Float64Array(gamma).map((g, c) => g / Math.sqrt(sigma[c]! + norm.attributes.epsilon));
  weights.set(conv.in.weight.name, scaled(numbers(conv.in.weight), conv.in.weight, scale));
  const old = conv.in.bias && read(conv.in.bias);
  const bias: Parameter = conv.in.bias ?? {
    name: `${conv.name}.bias`,
    shape: norm.in.gamma.shape,
    initializer: "zeros",
    decay: false,
  };
  weights.set(
    bias.name,
    beta.map((b, c) => ((old?.[c] ?? 0) - mu[c]!) * scale[c]! + b),
  );
  return bias;
}
