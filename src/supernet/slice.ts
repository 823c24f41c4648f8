/**
 * Cuts a child out of the supernet: the plain graph of a setting, and the box of each shared parameter that it uses.
 *
 *   slice(graph, setting)             the plain graph: sizes instead of axes, without closed branches and identities
 *   boxOf(parameter, setting)         the first n channels, the centre crop of a kernel
 *   boxesOf(graph, sliced, setting)   the boxes of all parameters that the slice uses
 *   gatherBox / scatterAddBox         copies a child's weights out of the supernet's / adds its gradients back
 */
import { activations } from "../graph/activations.js";
import { parametersOf, type ElasticGraph, type Graph, type PlainGraph } from "../graph/graph.js";
import type { Node, NodeOf } from "../graph/operators.js";
import { liveNodes, plainNode, plainValue } from "../graph/rewrite.js";
import {
  isOpen,
  maximumOf,
  sizeIn,
  type Gate,
  type Parameter,
  type Setting,
  type Size,
  type Value,
} from "../graph/values.js";
import { verify } from "../graph/verify.js";

/** The plain graph of a setting. Nodes and parameters keep their names from the supernet. */
export function slice(graph: ElasticGraph, setting: Setting): PlainGraph<"trained"> {
  /** What to read instead of a value: for the sum of a closed branch, for a shortcut that is the identity. */
  const alias = new Map<string, Value>();
  /** Values that are zero in this setting: all that is left of a closed branch. */
  const zeros = new Set<string>();
  /** Values that are rounded already: to round them again changes nothing. */
  const rounded = new Set<string>();
  const sizeOf = (size: Size): number => sizeIn(setting, size);
  const aliased = (value: Value): Value => alias.get(value.name) ?? value;
  const read = (value: Value): Value<number> => plainValue(aliased(value), sizeOf);
  const nodes: Node<"trained", number>[] = [];
  for (const node of graph.nodes) {
    if (node.op === "batchNorm" && !isOpen(setting, node.attributes.gate)) {
      zeros.add(node.out.y.name);
    } else if (isBypass(node)) {
      if (isOpen(setting, node.attributes.bypasses)) zeros.add(node.out.y.name);
      else alias.set(node.out.y.name, aliased(node.in.x));
    } else if (
      node.op === "activation" &&
      zeros.has(node.in.x.name) &&
      activations[node.attributes.function].keepsZero
    ) {
      zeros.add(node.out.y.name);
    } else if (node.op === "add" && zeros.has(node.in.branch.name)) {
      alias.set(node.out.y.name, aliased(node.in.x));
    } else if (node.op === "add" && zeros.has(node.in.x.name)) {
      alias.set(node.out.y.name, aliased(node.in.branch));
    } else if (node.op === "conv" && isIdentity(node, setting)) {
      alias.set(node.out.y.name, aliased(node.in.x));
    } else if (node.op === "fakeQuantize" && zeros.has(node.in.x.name)) {
      zeros.add(node.out.y.name);
    } else if (node.op === "fakeQuantize" && rounded.has(aliased(node.in.x).name)) {
      alias.set(node.out.y.name, aliased(node.in.x));
    } else {
      if (node.op === "fakeQuantize") rounded.add(node.out.y.name);
      nodes.push(plainNode(node, sizeOf, read));
    }
  }
  const outputs = graph.outputs.map(read);
  return verify({ name: graph.name, input: read(graph.input), nodes: liveNodes(nodes, outputs), outputs }, "slice");
}

/** Whether a node bypasses a branch. A slice never keeps a bypass: it is either the identity or zero. */
export const isBypass = (node: Node): node is NodeOf<"depthwise"> & { attributes: { bypasses: Gate } } =>
  node.op === "depthwise" && node.attributes.bypasses !== undefined;

/** Whether a shortcut conv is the identity in a setting: its sides are equal and the space allows it. */
export const isIdentity = (node: Node, setting: Setting): boolean =>
  node.op === "conv" &&
  node.attributes.identityWhenSquare === true &&
  sizeIn(setting, node.in.x.channels) === sizeIn(setting, node.out.y.channels);

/** The part of a shared parameter that a setting uses: per dimension the first index and the number of indices. */
export interface Box {
  /** The shared parameter's shape. */
  readonly full: readonly number[];
  readonly start: readonly number[];
  readonly size: readonly number[];
}

export function boxOf(parameter: Parameter, setting: Setting): Box {
  const full = parameter.shape.map(maximumOf);
  const size = parameter.shape.map((dimension) => sizeIn(setting, dimension));
  const start = parameter.shape.map((dimension, i) =>
    typeof dimension !== "number" && dimension.kind === "kernel" ? (full[i]! - size[i]!) / 2 : 0,
  );
  return { full, start, size };
}

/** The boxes of all shared parameters that a slice uses, by name. */
export function boxesOf(graph: Graph, sliced: Graph, setting: Setting): ReadonlyMap<string, Box> {
  const used = new Set(parametersOf(sliced).map(({ name }) => name));
  const shared = parametersOf(graph).filter(({ name }) => used.has(name));
  return new Map(shared.map((parameter) => [parameter.name, boxOf(parameter, setting)]));
}

export const isWhole = ({ full, size }: Box): boolean => size.every((count, i) => count === full[i]);

/** Calls `run(offset in the full array, offset in the box, length)` for every contiguous run of the box. */
export function forEachRun({ full, start, size }: Box, run: (from: number, at: number, length: number) => void): void {
  const rank = full.length;
  const length = size[rank - 1]!;
  const rows = size.slice(0, -1).reduce((product, count) => product * count, 1);
  const index = Array<number>(rank - 1).fill(0);
  for (let row = 0; row < rows; row++) {
    let from = 0;
    for (let i = 0; i < rank - 1; i++) from = from * full[i]! + start[i]! + index[i]!;
    run(from * full[rank - 1]! + start[rank - 1]!, row * length, length);
    for (let i = rank - 2; i >= 0 && ++index[i]! === size[i]!; i--) index[i] = 0;
  }
}

/** Packs the box's values into one array. */
export function gatherBox(box: Box, full: Float32Array, target?: Float32Array): Float32Array {
  const packed = target ?? new Float32Array(box.size.reduce((product, count) => product * count, 1));
  forEachRun(box, (from, at, length) => packed.set(full.subarray(from, from + length), at));
  return packed;
}

/** full[box] += packed. */
export function scatterAddBox(box: Box, packed: Float32Array, full: Float32Array): void {
  forEachRun(box, (from, at, length) => {
    for (let i = 0; i < length; i++) full[from + i]! += packed[at + i]!;
  });
}
