/**
 * The proof that a file is int8: which nodes compute in whole numbers. Where it is for onnxruntime, those that it runs after its optimisation;
 * for other runtimes, those whose inputs the file quantises.
 */
import { int8LayoutOf, type Int8Name } from "../compile/precisions.js";
import { profiledNodes } from "../runtime/profiled-nodes.js";
import { placedNodesOf } from "./placed-nodes.js";

/** How many of each operator. */
type Operators = Readonly<Record<string, number>>;

export interface QuantizedNodes {
  /** Compute in whole numbers. */
  readonly quantized: Operators;
  /** Compute in float32. */
  readonly float: Operators;
  /** Compute nothing: they convert or move. */
  readonly moved: Operators;
  /** Convolutions and dense layers that did not fuse with the quantisation around them, and should have. */
  readonly unfused: number;
}

const moving = new Set([
  "QuantizeLinear",
  "DequantizeLinear",
  "Transpose",
  "Flatten",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Cast",
  // onnxruntime's own: to and from the layout of its convolutions in float32.
  "ReorderInput",
  "ReorderOutput",
]);
/** QLinearConv, QGemm and their like. */
const isQuantized = (operator: string): boolean => /^Q[A-Z]|Integer/.test(operator) && operator !== "QuantizeLinear";
const isWeighted = (operator: string): boolean => /Conv|Gemm|MatMul/.test(operator);

/**
 * @param dims shape of the input
 * @param kept convolutions and dense layers that are in float32 by intent
 * @throws UserError `runtime/model`
 */
export async function quantizedNodesOf(
  bytes: Uint8Array,
  precision: Int8Name,
  { dims, kept = 0 }: { readonly dims: readonly number[]; readonly kept?: number },
): Promise<QuantizedNodes> {
  const kinds = { quantized: {}, float: {}, moved: {} } as Record<
    "quantized" | "float" | "moved",
    Record<string, number>
  >;
  const { provenBy } = int8LayoutOf(precision);
  const nodes =
    provenBy === "the file"
      ? placedNodesOf(bytes)
      : (await profiledNodes(bytes, dims, { fusesSigned: provenBy === "onnxruntime on ARM" })).map(
          ([, operator]) => [operator, isQuantized(operator)] as const,
        );
  for (const [operator, isWhole] of nodes) {
    const kind = moving.has(operator) ? "moved" : isWhole ? "quantized" : "float";
    kinds[kind][operator] = (kinds[kind][operator] ?? 0) + 1;
  }
  return { ...kinds, unfused: countOf(kinds.float, isWeighted) - kept };
}

/** The nodes of the operators that a test accepts: all, without one. */
export const countOf = (operators: Operators, accepts = (_: string): boolean => true): number =>
  Object.entries(operators).reduce((sum, [operator, count]) => sum + (accepts(operator) ? count : 0), 0);
