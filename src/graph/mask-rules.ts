/**
 * What a setting does to each parameter of an elastic graph, as rules that hold for all settings: a device compiles them once and is then
 * fed settings. `mask` of src/supernet/mask.ts applies them to one setting.
 */
import { nodesOf, type ElasticGraph } from "./graph.js";
import type { Channels, Gate, Parameter } from "./values.js";

/** The first channels of each axis and the centre crop of each kernel; nothing while the gate is closed. */
export interface BoxRule {
  readonly kind: "box";
  readonly parameter: Parameter;
  readonly gate: Gate | undefined;
}

/** Ones while the gate is closed, zeros while it is open; never trained. */
export interface BypassRule {
  readonly kind: "bypass";
  readonly parameter: Parameter;
  readonly gate: Gate;
}

/** The unit matrix where the two sides are equal; else its box if it is cropped, or all of it. */
export interface ShortcutRule {
  readonly kind: "shortcut";
  readonly parameter: Parameter;
  readonly sides: readonly [Channels, Channels];
  readonly cropped: boolean;
}

/** A parameter without a rule is used unchanged by every setting. */
export type MaskRule = BoxRule | BypassRule | ShortcutRule;

/** The rules of a graph, by parameter name. */
export function maskRulesOf(graph: ElasticGraph): ReadonlyMap<string, MaskRule> {
  const rules = new Map<string, MaskRule>();
  const crop = (parameter: Parameter | undefined, gate?: Gate): void => {
    if (!parameter) return;
    if (!gate && parameter.shape.every((size) => typeof size === "number")) return;
    rules.set(parameter.name, { kind: "box", parameter, gate });
  };
  const normalised = new Set(nodesOf(graph, "batchNorm").map((norm) => norm.in.x.name));
  for (const node of graph.nodes) {
    if (node.op === "batchNorm") {
      crop(node.in.gamma, node.attributes.gate);
      crop(node.in.beta, node.attributes.gate);
    } else if (node.op === "depthwise" && node.attributes.bypasses) {
      const parameter = node.in.weight;
      rules.set(parameter.name, { kind: "bypass", parameter, gate: node.attributes.bypasses });
    } else if (node.op === "conv" || node.op === "dense" || node.op === "depthwise") {
      const { weight, bias } = node.in;
      const isElastic = node.op !== "dense" && typeof node.attributes.kernel !== "number";
      const isBare = node.op !== "depthwise" && !normalised.has(node.out.y.name);
      if (isElastic || isBare) crop(weight);
      if (!isElastic && isBare) crop(bias);
      if (node.op === "conv" && node.attributes.identityWhenSquare) {
        const sides = [node.in.x.channels, node.out.y.channels] as const;
        rules.set(weight.name, { kind: "shortcut", parameter: weight, sides, cropped: rules.has(weight.name) });
      }
    }
  }
  return rules;
}
