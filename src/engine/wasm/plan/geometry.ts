/** The sizes of a convolution, depthwise or dense layer, as its kernels take them. */
import type { NodeOf } from "../../../graph/operators.js";
import type { Context } from "./context.js";

export type Convolution = NodeOf<"conv", "trained", number> | NodeOf<"dense", "trained", number>;
export type Depthwise = NodeOf<"depthwise", "trained", number>;

const kernelOf = (node: Convolution | Depthwise): number => (node.op === "dense" ? 1 : node.attributes.kernel);
const strideOf = (node: Convolution | Depthwise): number => (node.op === "dense" ? 1 : node.attributes.stride);

export function geometry(context: Context, node: Convolution | Depthwise) {
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
