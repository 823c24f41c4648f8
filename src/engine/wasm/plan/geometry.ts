/** The numbers of a convolution, depthwise or dense layer as its kernels take them. */
import { maximumOf } from "../../../graph/graph.js";
import type { NodeOf } from "../../../graph/operators.js";
import type { Context } from "./context.js";

export type Convolution = NodeOf<"conv"> | NodeOf<"dense">;

const kernelOf = (node: Convolution | NodeOf<"depthwise">): number =>
  node.op === "dense" ? 1 : maximumOf(node.attributes.kernel);
const strideOf = (node: Convolution | NodeOf<"depthwise">): number =>
  node.op === "dense" ? 1 : node.attributes.stride;

export function geometry(context: Context, node: Convolution | NodeOf<"depthwise">) {
  const { x } = node.in;
  const { y } = node.out;
  const k = kernelOf(node);
  const stride = strideOf(node);
  const C = context.channels(x);
  const N = context.channels(y);
  const size = context.extent(x);
  const out = context.extent(y);
  return { k, stride, C, N, size, out, M: context.rows(y), pointwise: k === 1 && stride === 1 };
}
