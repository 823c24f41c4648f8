/**
 * The facts of each operator, one row each: its output's shape, its cost, when it is legal. Shapes, analyses and
 * verifier use them.
 */
import { extentOf, pixelsOf, type Extent, type Extents } from "./extents.js";
import { keepsChannels, sameChannels, shaped, vectorOf } from "./legality.js";
import type { NodeOf, OperatorName } from "./operators.js";
import type { Value } from "./values.js";

export interface Facts<Name extends OperatorName> {
  /** Extent of its output: height = width. */
  readonly extent: (node: NodeOf<Name>, extents: Extents) => Extent;
  /** Multiply-accumulates of one image, by the counting rule of analyses.ts. */
  readonly macs: (node: NodeOf<Name, "any", number>, extents: Extents) => number;
  /** Why a node is illegal; undefined if it is legal. */
  readonly fault: (node: NodeOf<Name>) => string | undefined;
  /** Whether its output may overwrite its first input. */
  readonly inPlace: boolean;
  /** Whether it takes no time of its own: it is folded or fused into the operator before it, or dropped. */
  readonly free: boolean;
}

type Reads = { readonly in: { readonly x: Value } };

const spatial = (node: Reads, extents: Extents): number => {
  const extent = extentOf(extents, node.in.x);
  if (typeof extent !== "number")
    throw new Error(`internal: a ${extent} value instead of [batch, height, width, channels]`);
  return extent;
};
const kept = (node: Reads, extents: Extents): Extent => extentOf(extents, node.in.x);
const strided = (node: Reads & { readonly attributes: { readonly stride: number } }, extents: Extents): number =>
  Math.ceil(spatial(node, extents) / node.attributes.stride);
const none = (): number => 0;

/** An operator without weights that keeps channels. */
const simple = { macs: none, fault: keepsChannels, inPlace: false, free: false };

export const facts: { readonly [Name in OperatorName]: Facts<Name> } = {
  conv: {
    extent: strided,
    macs: ({ in: { x }, attributes: { kernel }, out: { y } }, extents) =>
      pixelsOf(extents, y) * kernel ** 2 * x.channels * y.channels,
    fault: ({ in: { x, weight, bias }, attributes: { kernel }, out: { y } }) =>
      shaped(weight, [kernel, kernel, x.channels, y.channels]) ?? (bias && shaped(bias, [y.channels])),
    inPlace: false,
    free: false,
  },
  depthwise: {
    extent: strided,
    macs: ({ attributes: { kernel }, out: { y } }, extents) => pixelsOf(extents, y) * kernel ** 2 * y.channels,
    fault: (node) => {
      const { x, weight, bias } = node.in;
      const { kernel } = node.attributes;
      const wrong = keepsChannels(node) ?? shaped(weight, [kernel, kernel, x.channels]);
      return wrong ?? (bias && shaped(bias, [x.channels]));
    },
    inPlace: false,
    free: false,
  },
  dense: {
    extent: () => "flat",
    macs: ({ in: { x }, out: { y } }) => x.channels * y.channels,
    fault: ({ in: { x, weight, bias }, out: { y } }) =>
      shaped(weight, [x.channels, y.channels]) ?? (bias && shaped(bias, [y.channels])),
    inPlace: false,
    free: false,
  },
  batchNorm: {
    extent: kept,
    macs: none,
    fault: (node) => {
      const { x, gamma, beta, mean, variance } = node.in;
      const { channels } = x;
      if ((mean === undefined) !== (variance === undefined)) return "it has half of its statistics";
      const wrong = keepsChannels(node) ?? shaped(gamma, [channels]) ?? shaped(beta, [channels]);
      return wrong ?? (mean && vectorOf(mean, channels)) ?? (variance && vectorOf(variance, channels));
    },
    inPlace: true,
    free: true,
  },
  moments: {
    extent: () => "vector",
    macs: none,
    fault: ({ in: { x }, out: { mean, variance } }) => vectorOf(mean, x.channels) ?? vectorOf(variance, x.channels),
    inPlace: false,
    free: false,
  },
  extremes: {
    extent: () => "vector",
    macs: none,
    fault: ({ in: { x }, out: { smallest, largest } }) =>
      vectorOf(smallest, x.channels) ?? vectorOf(largest, x.channels),
    inPlace: false,
    free: false,
  },
  quantize: { ...simple, extent: kept },
  unclippedHardSigmoid: { ...simple, extent: kept },
  cast: { ...simple, extent: kept },
  activation: { ...simple, extent: kept, inPlace: true, free: true },
  add: {
    ...simple,
    extent: kept,
    fault: (node) =>
      keepsChannels(node) ??
      (sameChannels(node.in.x.channels, node.in.branch.channels) ? undefined : "it adds unequal channels"),
    inPlace: true,
  },
  multiply: {
    ...simple,
    extent: kept,
    fault: (node) =>
      keepsChannels(node) ??
      (sameChannels(node.in.x.channels, node.in.factor.channels) ? undefined : "it multiplies unequal channels"),
    inPlace: true,
  },
  averagePool: { ...simple, extent: strided },
  globalAveragePool: { ...simple, extent: () => 1 },
  flatten: { ...simple, extent: () => "flat", inPlace: true, free: true },
  fakeQuantize: { ...simple, extent: kept, free: true },
  dropout: { ...simple, extent: kept, inPlace: true, free: true },
};
