/**
 * What a file quantises, read off its nodes, for runtimes that are not here to be asked. A layer computes in whole numbers where its input and its
 * weight come from DequantizeLinear, a pooling where its input does, a sum where each side does or such a layer makes it for the sum alone.
 */
import { onnx } from "../onnx/onnx.js";

const layers = new Set(["Conv", "Gemm"]);
const poolings = new Set(["AveragePool", "GlobalAveragePool"]);
/** What runtimes fuse with the layer before. */
const fused = new Set(["Relu", "Clip"]);

/** @returns each node's operator and whether it computes in whole numbers; activations that a runtime fuses with a layer are left out */
export function placedNodesOf(bytes: Uint8Array): (readonly [operator: string, isQuantized: boolean])[] {
  const nodes = onnx.ModelProto.decode(bytes).graph!.node!.map((node) => onnx.NodeProto.create(node));
  const reads = new Map<string, number>();
  for (const name of nodes.flatMap(({ input }) => input)) reads.set(name, (reads.get(name) ?? 0) + 1);
  /** Outputs of DequantizeLinear, and those of layers in whole numbers. */
  const [whole, made] = [new Set<string>(), new Set<string>()];
  const found: (readonly [string, boolean])[] = [];
  for (const { opType, input, output } of nodes) {
    const [x, second] = [input[0]!, input[1]!];
    const isPart = (name: string): boolean => whole.has(name) || (made.has(name) && reads.get(name) === 1);
    const isQuantized =
      (layers.has(opType) && whole.has(x) && whole.has(second)) ||
      (poolings.has(opType) && whole.has(x)) ||
      (opType === "Add" && isPart(x) && isPart(second));
    if (opType === "DequantizeLinear") whole.add(output[0]!);
    if (isQuantized && layers.has(opType)) made.add(output[0]!);
    if (!(fused.has(opType) && made.has(x))) found.push([opType, isQuantized]);
  }
  return found;
}
