/**
 * The IR: one immutable graph of values, nodes and parameters. It is the only description of a network; training, counting,
 * slicing and export all read it.
 *
 * A graph is *elastic* while some size in it is an `Axis`, an `ElasticKernel` or a `Gate`, and *plain* when all are numbers.
 * Spatial sizes are not stored: they follow from the resolution of the input (`inferShapes`).
 */
import type { NodeOf, OperatorName } from "./operators.js";

/** A channel dimension whose size an architecture chooses: the first `size` of `maximum` channels. */
export interface Axis {
  readonly kind: "axis";
  readonly name: string;
  readonly maximum: number;
}

/** A kernel whose centre crop an architecture uses; `maximum` is odd. */
export interface ElasticKernel {
  readonly kind: "kernel";
  readonly name: string;
  readonly maximum: number;
}

/** A residual branch that an architecture may switch off (depth). */
export interface Gate {
  readonly name: string;
}

export type Channels = number | Axis;
export type Kernel = number | ElasticKernel;

/** An activation tensor: [batch, height, width, channels], or [batch, channels] behind `flatten`. */
export interface Value {
  readonly name: string;
  readonly channels: Channels;
}

/** How a parameter starts. Fans follow from the parameter's own shape. */
export type Initializer = "he-normal-fan-out" | "uniform-fan-in" | "zeros" | "ones";

/**
 * A trained array. Shapes: conv weight [kernel, kernel, in, out], depthwise weight [kernel, kernel, channels],
 * dense weight [in, out], all others [channels].
 */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly (Channels | Kernel)[];
  readonly initializer: Initializer;
  /** Whether weight decay acts on it: weights yes, biases and batch norm no. */
  readonly decay: boolean;
}

export type Node = { [Name in OperatorName]: NodeOf<Name> }[OperatorName];

export interface Graph {
  readonly name: string;
  readonly input: Value;
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}

/** What an architecture comes to for a graph: a size for every axis and kernel, a state for every gate, and the resolution. */
export interface Setting {
  readonly resolution: number;
  readonly axes: ReadonlyMap<string, number>;
  readonly kernels: ReadonlyMap<string, number>;
  readonly gates: ReadonlyMap<string, boolean>;
}

/** The size that memory is laid out for: an elastic dimension's maximum. */
export const maximumOf = (size: Channels | Kernel): number => (typeof size === "number" ? size : size.maximum);

/** The size that a setting gives to a dimension. */
export function sizeIn(setting: Setting, size: Channels | Kernel): number {
  if (typeof size === "number") return size;
  const chosen = (size.kind === "axis" ? setting.axes : setting.kernels).get(size.name);
  if (chosen === undefined) throw new Error(`internal: the setting has no size for ${size.kind} ${size.name}`);
  return chosen;
}

/** The size of a dimension of a plain graph. */
export function plainSize(size: Channels | Kernel): number {
  if (typeof size !== "number")
    throw new Error(`internal: ${size.kind} ${size.name} is elastic where a plain graph is due`);
  return size;
}

/** Every parameter of a graph once, in node order. */
export function parametersOf(graph: Graph): readonly Parameter[] {
  const found = new Map<string, Parameter>();
  for (const node of graph.nodes) {
    for (const input of Object.values<Value | Parameter | undefined>(node.in)) {
      if (input && isParameter(input)) found.set(input.name, input);
    }
  }
  return [...found.values()];
}

export const isParameter = (input: Value | Parameter): input is Parameter => "shape" in input;

/** The activation inputs of a node, in the operator's order. */
export const valuesInto = (node: Node): readonly Value[] =>
  Object.values<Value | Parameter | undefined>(node.in).filter(
    (input): input is Value => input !== undefined && !isParameter(input),
  );

/** The value that an operator named `name` puts out first; every node has at least one. */
export const valuesOutOf = (node: Node): readonly Value[] => Object.values<Value>(node.out);
