/**
 * Masked execution: the supernet's graph never changes; an architecture is a set of small vectors that multiply its
 * parameters.
 *
 *   batch norm        gamma, beta × (channel in use) × (gate open)
 *   elastic kernel    weight × (tap in the centre crop)
 *   no batch norm     weight, bias × (output channel in use): squeeze-and-excite, shortcuts, the head's second layer
 *   shortcut conv     the unit matrix if an architecture makes it the identity
 *   bypass            ones if the branch's gate is closed, zeros if it is open; never trained
 *
 * So masked channels stay exactly zero from one batch norm to the next. All other parameters need no mask: their
 * gradients are exactly zero where an architecture does not use them. Activations are never masked.
 */
import { nodesOf, type ElasticGraph, type PlainGraph } from "../graph/graph.js";
import type { Node } from "../graph/operators.js";
import { plainNode, plainValue } from "../graph/rewrite.js";
import { maximumOf, sizeIn, type Parameter, type Setting, type Value } from "../graph/values.js";
import { boxOf, forEachRun, isBypass, isIdentity, isOpen, isWhole, type Box } from "./slice.js";

/** What a setting does to one parameter. A parameter without a mask is used unchanged. */
export type Mask =
  | { readonly kind: "box"; readonly box: Box }
  | { readonly kind: "zero" }
  | { readonly kind: "one" }
  | { readonly kind: "unit"; readonly size: number };

/** The masks of a setting, by parameter name. */
export function mask(graph: ElasticGraph, setting: Setting): ReadonlyMap<string, Mask> {
  const masks = new Map<string, Mask>();
  const crop = (parameter: Parameter | undefined): void => {
    if (!parameter) return;
    const box = boxOf(parameter, setting);
    if (!isWhole(box)) masks.set(parameter.name, { kind: "box", box });
  };
  const normalised = new Set(nodesOf(graph, "batchNorm").map((norm) => norm.in.x.name));
  for (const node of graph.nodes) {
    if (node.op === "batchNorm") {
      const closed = !isOpen(setting, node.attributes.gate);
      for (const parameter of [node.in.gamma, node.in.beta]) {
        if (closed) masks.set(parameter.name, { kind: "zero" });
        else crop(parameter);
      }
    } else if (isBypass(node)) {
      masks.set(node.in.weight.name, { kind: isOpen(setting, node.attributes.bypasses) ? "zero" : "one" });
    } else if (node.op === "conv" && isIdentity(node, setting)) {
      masks.set(node.in.weight.name, { kind: "unit", size: sizeIn(setting, node.in.x.channels) });
    } else if ((node.op === "conv" || node.op === "depthwise") && typeof node.attributes.kernel !== "number") {
      crop(node.in.weight);
    } else if (hasOwnOutput(node) && !normalised.has(node.out.y.name)) {
      crop(node.in.weight);
      crop(node.in.bias);
    }
  }
  return masks;
}

const hasOwnOutput = (node: Node<"trained">): node is Extract<Node<"trained">, { op: "conv" | "dense" }> =>
  node.op === "conv" || node.op === "dense";

/** A parameter's values under its mask: a new array, or the same one if there is no mask. */
export function applyMask(mask: Mask | undefined, parameter: Parameter, full: Float32Array): Float32Array {
  if (!mask) return full;
  const masked = new Float32Array(full.length);
  if (mask.kind === "box") {
    forEachRun(mask.box, (from, _, length) => masked.set(full.subarray(from, from + length), from));
  } else if (mask.kind === "one") {
    masked.fill(1);
  } else if (mask.kind === "unit") {
    const columns = maximumOf(parameter.shape[3]!);
    for (let i = 0; i < mask.size; i++) masked[i * columns + i] = 1;
  }
  return masked;
}

/** The adjoint of `applyMask`: full += gradient where the mask lets the parameter through. */
export function addMaskedGradient(mask: Mask | undefined, gradient: Float32Array, full: Float32Array): void {
  if (mask && mask.kind !== "box") return;
  const add = (from: number, _: number, length: number): void => {
    for (let i = from; i < from + length; i++) full[i]! += gradient[i]!;
  };
  if (mask) forEachRun(mask.box, add);
  else add(0, 0, full.length);
}

/** The elastic graph at its maximum sizes, as the masked supernet runs: no node is dropped. */
export function atMaximum(graph: ElasticGraph): PlainGraph<"trained"> {
  const plain = (value: Value): Value<number> => plainValue(value, maximumOf);
  return {
    name: graph.name,
    input: plain(graph.input),
    nodes: graph.nodes.map((node) => plainNode(node, maximumOf)),
    outputs: graph.outputs.map(plain),
  };
}
