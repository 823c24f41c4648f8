/**
 * A float child as its file has it, read back into steps: a layer with weights, or a function of values. Sigmoid and Mul become swish again,
 * HardSigmoid and Mul hard-swish, as the emitter wrote them (compile/emit.ts).
 */
import { onnx } from "../../onnx/onnx.js";
import type { Tensor, Tensors } from "../../checkpoint/safetensors.js";

/** What a step computes with. A dense layer is a `linear`. */
export type Layer =
  | { readonly kind: "conv"; readonly kernel: number; readonly stride: number; readonly isDepthwise: boolean }
  | { readonly kind: "linear" };

/** How a value is made of others. */
export type Operation =
  | {
      readonly op: "layer";
      readonly layer: Layer;
      /** `<layer>.weight` and `<layer>.bias` in the file. */
      readonly name: string;
      readonly hasBias: boolean;
      readonly outputs: number;
    }
  | { readonly op: "activation"; readonly function: TorchFunction }
  | { readonly op: "averagePool"; readonly size: number }
  | { readonly op: "globalAveragePool" | "flatten" | "add" | "multiply" };

/** The functions of a network, as model.py names them. */
export type TorchFunction =
  "F.relu" | "F.relu6" | "F.silu" | "F.hardswish" | "F.hardsigmoid" | "torch.sigmoid" | "hard_sigmoid_of_slope_1_5";

export type Step = Operation & {
  /** Dotted, as the graph that was trained has it. */
  readonly path: string;
  /** Names of values. */
  readonly from: readonly string[];
  readonly to: string;
};

/** A child's steps in their order, from its input to its logits. */
export interface Network {
  readonly input: string;
  /** Channels of the input. */
  readonly channels: number;
  readonly output: string;
  readonly steps: readonly Step[];
  /** By name in the file: weights [out, in / groups, height, width] and [out, in], biases [out]. */
  readonly weights: Tensors;
}

/** @param bytes a file in float32 that nestling wrote */
export function readNetwork(bytes: Uint8Array): Network {
  const { graph } = onnx.ModelProto.decode(bytes);
  const weights = new Map((graph!.initializer ?? []).map((tensor) => [tensor.name!, tensorOf(tensor)] as const));
  const steps = withProducts((graph!.node ?? []).map((node) => stepOf(node, weights)));
  const { name, type } = graph!.input![0]!;
  return {
    input: name!,
    channels: Number(type!.tensorType!.shape!.dim![1]!.dimValue),
    output: graph!.output![0]!.name!,
    steps,
    weights,
  };
}

const tensorOf = ({ dims, rawData }: onnx.ITensorProto): Tensor => ({
  shape: (dims ?? []).map(Number),
  // Copied, since values in the file need not be aligned.
  data: new Float32Array(new Uint8Array(rawData!).buffer),
});

function stepOf(node: onnx.INodeProto, weights: Tensors): Step {
  // `path/Operator`; the outputs' own names are not all of the trained graph.
  const path = node.name!.slice(0, node.name!.lastIndexOf("/"));
  const from = node.input!.filter((name) => !weights.has(name));
  return { ...operationOf(node, weights), path, from, to: node.output![0]! };
}

/** A row for each operator of a float child. */
const operations: Readonly<Record<string, (node: onnx.INodeProto, weights: Tensors) => Operation>> = {
  Conv(node, weights) {
    const [kernel, stride] = ["kernel_shape", "strides"].map((name) => Number(attributeOf(node, name).ints![0]));
    const isDepthwise = Number(attributeOf(node, "group").i) > 1;
    return layerOf(node, weights, { kind: "conv", kernel: kernel!, stride: stride!, isDepthwise });
  },
  Gemm: (node, weights) => layerOf(node, weights, { kind: "linear" }),
  Relu: () => ({ op: "activation", function: "F.relu" }),
  Clip: () => ({ op: "activation", function: "F.relu6" }),
  Sigmoid: () => ({ op: "activation", function: "torch.sigmoid" }),
  HardSigmoid(node) {
    const isTorchs = Math.abs(attributeOf(node, "alpha").f! - 1 / 6) < 1e-6;
    return { op: "activation", function: isTorchs ? "F.hardsigmoid" : "hard_sigmoid_of_slope_1_5" };
  },
  AveragePool: (node) => ({ op: "averagePool", size: Number(attributeOf(node, "kernel_shape").ints![0]) }),
  GlobalAveragePool: () => ({ op: "globalAveragePool" }),
  Flatten: () => ({ op: "flatten" }),
  Add: () => ({ op: "add" }),
  Mul: () => ({ op: "multiply" }),
};

function operationOf(node: onnx.INodeProto, weights: Tensors): Operation {
  const row = operations[node.opType!];
  if (!row) throw new Error(`internal: no PyTorch for ${node.opType}`);
  return row(node, weights);
}

function attributeOf({ opType, attribute }: onnx.INodeProto, name: string): onnx.IAttributeProto {
  const found = attribute!.find((one) => one.name === name);
  if (!found) throw new Error(`internal: ${opType!} has no ${name}`);
  return found;
}

function layerOf({ input }: onnx.INodeProto, weights: Tensors, layer: Layer): Operation {
  const [, weight, bias] = input!;
  const outputs = weights.get(weight!)!.shape[0]!;
  return { op: "layer", layer, name: weight!.replace(/\.weight$/, ""), hasBias: bias !== undefined, outputs };
}

const products: Partial<Record<TorchFunction, TorchFunction>> = {
  "torch.sigmoid": "F.silu",
  "F.hardsigmoid": "F.hardswish",
};

/** x · Sigmoid(x) and x · HardSigmoid(x) as the one function that they are. */
function withProducts(steps: readonly Step[]): Step[] {
  const producers = new Map(steps.map((step) => [step.to, step]));
  const replaced = new Map<Step, Step | undefined>();
  for (const step of steps) {
    if (step.op !== "multiply") continue;
    const [x, factor] = step.from as [string, string];
    const gate = producers.get(factor);
    const product = gate?.op === "activation" && gate.from[0] === x ? products[gate.function] : undefined;
    if (!gate || !product) continue;
    replaced.set(gate, undefined);
    replaced.set(step, { op: "activation", function: product, path: step.path, from: [x], to: step.to });
  }
  return steps.flatMap((step) => (replaced.has(step) ? (replaced.get(step) ?? []) : [step]));
}
