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
import type { ElasticGraph, PlainGraph } from "../graph/graph.js";
import { maskRulesOf, type MaskRule } from "../graph/mask-rules.js";
import { plainNode, plainValue } from "../graph/rewrite.js";
import { isOpen, maximumOf, sizeIn, type Parameter, type Setting, type Value } from "../graph/values.js";
import { boxOf, forEachRun, isWhole, type Box } from "./slice.js";

/** What a setting does to one parameter. A parameter without a mask is used unchanged. */
export type Mask =
  | { readonly kind: "box"; readonly box: Box }
  | { readonly kind: "zero" }
  | { readonly kind: "one" }
  | { readonly kind: "unit"; readonly size: number };

/** The masks of a setting, by parameter name. */
export function mask(graph: ElasticGraph, setting: Setting): ReadonlyMap<string, Mask> {
  const masks = new Map<string, Mask>();
  for (const [name, rule] of maskRulesOf(graph)) {
    const made = maskOf(rule, setting);
    if (made) masks.set(name, made);
  }
  return masks;
}

function maskOf(rule: MaskRule, setting: Setting): Mask | undefined {
  switch (rule.kind) {
    case "bypass":
      return { kind: isOpen(setting, rule.gate) ? "zero" : "one" };
    case "shortcut": {
      const [from, to] = rule.sides.map((side) => sizeIn(setting, side));
      if (from === to) return { kind: "unit", size: from! };
      return rule.cropped ? croppedTo(rule.parameter, setting) : undefined;
    }
    case "box":
      return isOpen(setting, rule.gate) ? croppedTo(rule.parameter, setting) : { kind: "zero" };
  }
}

function croppedTo(parameter: Parameter, setting: Setting): Mask | undefined {
  const box = boxOf(parameter, setting);
  return isWhole(box) ? undefined : { kind: "box", box };
}

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
