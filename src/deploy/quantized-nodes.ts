/** The proof that a file is int8: which nodes onnxruntime runs for it after its optimisation, and which of them compute in whole numbers. */
import { profiledNodes } from "../runtime/profiled-nodes.js";

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

const moving = new Set(["QuantizeLinear", "DequantizeLinear", "Transpose", "Flatten", "Reshape", "Cast"]);
/** QLinearConv, QGemm and their like. */
const isQuantized = (operator: string): boolean => /^Q[A-Z]|Integer/.test(operator) && operator !== "QuantizeLinear";
const isWeighted = (operator: string): boolean => /Conv|Gemm|MatMul/.test(operator);

/**
 * @param kept convolutions and dense layers that are in float32 by intent
 * @throws UserError `runtime/model`
 */
export async function quantizedNodesOf(bytes: Uint8Array, dims: readonly number[], kept = 0): Promise<QuantizedNodes> {
  const kinds = { quantized: {}, float: {}, moved: {} } as Record<
    "quantized" | "float" | "moved",
    Record<string, number>
  >;
  for (const [, operator] of await profiledNodes(bytes, dims, {})) {
    const kind = moving.has(operator) ? "moved" : isQuantized(operator) ? "quantized" : "float";
    kinds[kind][operator] = (kinds[kind][operator] ?? 0) + 1;
  }
  return { ...kinds, unfused: countOf(kinds.float, isWeighted) - kept };
}

/** The nodes of the operators that a test accepts: all, without one. */
export const countOf = (operators: Operators, accepts = (_: string): boolean => true): number =>
  Object.entries(operators).reduce((sum, [operator, count]) => sum + (accepts(operator) ? count : 0), 0);
