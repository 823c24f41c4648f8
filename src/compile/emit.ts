/**
 * Writes a plain graph as ONNX nodes, NCHW. One row per operator, in the form that runtimes fuse best and that most of
 * them can run, in any opset of the table: swish as x · Sigmoid(x); hard-swish as x · HardSigmoid(x); squeeze-and-excite with the
 * gate first, which OpenCV 4.6 needs; GlobalAveragePool; Flatten and Gemm.
 */
import type { onnx } from "../onnx/onnx.js";
import { attributeProtos, dataTypeOf, valueInfo, type Attributes } from "../onnx/protos.js";
import type { ActivationFunction } from "../graph/activations.js";
import { extentOf, type Extents } from "../graph/extents.js";
import { rowOf } from "../graph/graph.js";
import type { NodeOf, OperatorName, Statistic } from "../graph/operators.js";
import { inferExtents } from "../graph/shapes.js";
import { isParameter, type DataType, type Parameter, type Value } from "../graph/values.js";
import type { Child } from "./child.js";
import { asPart, pack, scaleOf, type Numbers } from "./numbers.js";
import { forEachOihwBlock } from "./oihw.js";
import { defaultOpset, opsetRow } from "./opsets.js";
import { encodeModel, type Tensor } from "../onnx/encode.js";

export interface EmitOptions {
  /** Height = width of the input in pixels. */
  readonly resolution: number;
  /** A fixed batch size; without it the batch is free (`batch_size`). */
  readonly staticBatch?: number;
  /** Name of the graph's first output; more outputs keep their names. */
  readonly output?: string;
  /** 17 by default. A graph that measures, which no file does, is of an opset from 14 (moments) to 17 (extremes). */
  readonly opset?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Collects what the rows emit. */
interface Sink {
  /** Adds a node under a unique name. */
  node(op: string, inputs: readonly string[], outputs: readonly string[], attributes?: Attributes): void;
  /** Adds a parameter of one dimension; returns its name. */
  vector(parameter: Parameter<number>): string;
  /** Adds a convolution's or dense layer's weight, transposed to these dimensions; returns its name. */
  weight(parameter: Parameter<number>, dims: readonly number[]): string;
  /** Adds numbers that are no parameter; returns their name. */
  constant(name: string, type: Tensor["type"], dims: readonly number[], values: Float32Array): string;
  scalar(name: string, value: number, type: Tensor["type"]): string;
  extents: Extents;
}

const pair = (x: number): [number, number] => [x, x];

type Emitted<Name extends OperatorName<"deployed">> = NodeOf<Name, "deployed", number>;

function emitConvolution(sink: Sink, node: Emitted<"conv"> | Emitted<"depthwise">): void {
  const kernel = node.attributes.kernel;
  const outputs = node.out.y.channels;
  const inputs = node.op === "conv" ? node.in.x.channels : 1;
  const names = [node.in.x.name, sink.weight(node.in.weight, [outputs, inputs, kernel, kernel])];
  if (node.in.bias) names.push(sink.vector(node.in.bias));
  sink.node("Conv", names, [node.out.y.name], {
    kernel_shape: pair(kernel),
    strides: pair(node.attributes.stride),
    pads: [...pair((kernel - 1) / 2), ...pair((kernel - 1) / 2)],
    dilations: [1, 1],
    group: node.op === "conv" ? 1 : outputs,
  });
}

const hardSigmoid = (slope = 1 / 6): Attributes => ({ alpha: { float: slope }, beta: { float: 0.5 } });

/** The slope of a hard-sigmoid, and the type that is computed in. */
interface Activated {
  readonly slope: number | undefined;
  readonly type: DataType;
}

const emitActivation: Record<ActivationFunction, (sink: Sink, x: string, y: string, how: Activated) => void> = {
  relu: (sink, x, y) => sink.node("Relu", [x], [y]),
  relu6: (sink, x, y, { type }) => {
    // Bounds are scalars, as the specification requires. (Only OpenCV 4.6 expects vectors of one element.)
    sink.node("Clip", [x, sink.scalar("clip.0", 0, type), sink.scalar("clip.6", 6, type)], [y]);
  },
  sigmoid: (sink, x, y) => sink.node("Sigmoid", [x], [y]),
  "hard-sigmoid": (sink, x, y, { slope }) => sink.node("HardSigmoid", [x], [y], hardSigmoid(slope)),
  swish: (sink, x, y) => {
    sink.node("Sigmoid", [x], [`${y}.sigmoid`]);
    sink.node("Mul", [x, `${y}.sigmoid`], [y]);
  },
  "hard-swish": (sink, x, y) => {
    sink.node("HardSigmoid", [x], [`${y}.gate`], hardSigmoid());
    sink.node("Mul", [x, `${y}.gate`], [y]);
  },
};

/** The mean of 2 × 2 pixels as a depthwise kernel of 3 × 3, the size that runtimes are fastest at, with 0 and 1/4 for weights. */
function emitPoolByConvolution(sink: Sink, { in: { x }, out: { y } }: Emitted<"averagePool">): void {
  const { channels } = x;
  const kernel = [0, 0, 0, 0, 1, 1, 0, 1, 1];
  const ones = Float32Array.from({ length: 9 * channels }, (_, i) => kernel[i % 9]!);
  const weight = [
    sink.constant(`${y.name}.ones`, "int8", [channels, 1, 3, 3], ones),
    sink.scalar("quarter.scale", 1 / 4, "float32"),
    sink.scalar("quarter.zero", 0, "int8"),
  ];
  sink.node("DequantizeLinear", weight, [`${y.name}.weight`]);
  sink.node("Conv", [x.name, `${y.name}.weight`], [y.name], {
    kernel_shape: pair(3),
    strides: pair(2),
    pads: [...pair(1), ...pair(1)],
    dilations: [1, 1],
    group: channels,
  });
}

const rows: { readonly [Name in OperatorName<"deployed">]: (sink: Sink, node: Emitted<Name>) => void } = {
  conv: emitConvolution,
  depthwise: emitConvolution,
  dense(sink, node) {
    const [inputs, outputs] = [node.in.x.channels, node.out.y.channels];
    const names = [node.in.x.name, sink.weight(node.in.weight, [outputs, inputs])];
    if (node.in.bias) names.push(sink.vector(node.in.bias));
    sink.node("Gemm", names, [node.out.y.name], { transB: 1 });
  },
  batchNorm(sink, node) {
    const { x, gamma, beta, mean, variance } = node.in;
    const { y } = node.out;
    const name = (input: Statistic<number>): string => (isParameter(input) ? sink.vector(input) : input.name);
    const scaled = [x, gamma, beta].map(name);
    const moments = [mean, variance].map(name);
    const epsilon = { float: node.attributes.epsilon };
    if (isParameter(mean)) {
      sink.node("BatchNormalization", [...scaled, ...moments], [y.name], { epsilon });
      return;
    }
    // In training mode it gives the batch's moments, too. Running ones, which it would mix in, count for nothing with a momentum of 0.
    const running = sink.constant(`${y.name}.running`, "float32", [x.channels], new Float32Array(x.channels));
    const inTraining: Attributes = { epsilon, momentum: { float: 0 }, training_mode: 1 };
    sink.node("BatchNormalization", [...scaled, running, running], [y.name, ...moments], inTraining);
  },
  // Their batch norm gives them: one node reads x once less than two would.
  moments: () => undefined,
  extremes(sink, { in: { x }, out: { smallest, largest } }) {
    const axes = extentOf(sink.extents, x) === "flat" ? [0] : [0, 2, 3];
    sink.node("ReduceMin", [x.name], [smallest.name], { axes, keepdims: 0 });
    sink.node("ReduceMax", [x.name], [largest.name], { axes, keepdims: 0 });
  },
  quantize(sink, { in: { x }, attributes: { type, scale, zeroPoint }, out: { y } }) {
    const by = [sink.scalar(`${y.name}.scale`, scale, "float32"), sink.scalar(`${y.name}.zero`, zeroPoint, type)];
    sink.node("QuantizeLinear", [x.name, ...by], [`${y.name}.quantized`]);
    sink.node("DequantizeLinear", [`${y.name}.quantized`, ...by], [y.name]);
  },
  unclippedHardSigmoid(sink, { in: { x }, attributes: { type, scale, slope }, out: { y } }) {
    // slope · x: the whole numbers of x in another scale, its zero point as it is.
    const sloped = sink.scalar(`${y.name}.slope`, slope * scale, "float32");
    sink.node("DequantizeLinear", [`${x.name}.quantized`, sloped, `${x.name}.zero`], [`${y.name}.sloped`]);
    const half = [
      sink.scalar("half.quantized", 1, type),
      sink.scalar("half.scale", 0.5, "float32"),
      sink.scalar("half.zero", 0, type),
    ];
    sink.node("DequantizeLinear", half, [`${y.name}.half`]);
    sink.node("Add", [`${y.name}.sloped`, `${y.name}.half`], [y.name]);
  },
  cast: (sink, { in: { x }, out: { y } }) => sink.node("Cast", [x.name], [y.name], { to: dataTypeOf(y.dtype) }),
  activation: (sink, { in: { x }, attributes, out: { y } }) =>
    emitActivation[attributes.function](sink, x.name, y.name, { slope: attributes.slope, type: y.dtype }),
  add: (sink, node) => sink.node("Add", [node.in.x.name, node.in.branch.name], [node.out.y.name]),
  multiply: (sink, node) => sink.node("Mul", [node.in.factor.name, node.in.x.name], [node.out.y.name]),
  averagePool(sink, node) {
    const { stride, asConvolution } = node.attributes;
    const size = sink.extents.get(node.in.x.name);
    const missing = typeof size === "number" ? (stride - (size % stride)) % stride : 0;
    if (asConvolution && stride === 2 && missing === 0) {
      emitPoolByConvolution(sink, node);
      return;
    }
    sink.node("AveragePool", [node.in.x.name], [node.out.y.name], {
      kernel_shape: pair(stride),
      strides: pair(stride),
      // A partial last window, divided by the number of pixels in it.
      pads: [0, 0, missing, missing],
      count_include_pad: 0,
    });
  },
  globalAveragePool: (sink, node) => sink.node("GlobalAveragePool", [node.in.x.name], [node.out.y.name]),
  flatten: (sink, node) => sink.node("Flatten", [node.in.x.name], [node.out.y.name], { axis: 1 }),
};

const emitNode = <Name extends OperatorName<"deployed">>(sink: Sink, node: Emitted<Name>): void =>
  rowOf(rows, node)(sink, node);

/** The model's bytes: raw little-endian weights, one file. Input and outputs are float32. */
export function emit({ graph, weights }: Child, options: EmitOptions): Uint8Array {
  const { opset = defaultOpset } = options;
  const nodes: onnx.INodeProto[] = [];
  const tensors = new Map<string, Tensor>();
  const names = new Map<string, number>();
  const rename = new Map([[graph.outputs[0]!.name, options.output ?? graph.outputs[0]!.name]]);
  const renamed = (name: string): string => rename.get(name) ?? name;
  const numbers = (name: string): Numbers => {
    const found = weights.get(name);
    if (!found) throw new Error(`internal: no values for ${name}`);
    return found;
  };
  const tensor = (
    name: string,
    type: Tensor["type"],
    dims: readonly number[],
    forEachBlock: Tensor["forEachBlock"],
  ) => {
    tensors.set(name, { name, type, dims, forEachBlock });
    return name;
  };
  /** A parameter as the file keeps it: whole numbers come with the node that scales them, by their first dimension. */
  const stored = (parameter: Parameter<number>, dims: readonly number[], forEachBlock: Tensor["forEachBlock"]) => {
    const { name, stored: type, dtype } = parameter;
    if (type === undefined) return tensor(name, dtype, dims, forEachBlock);
    const scales = pack(numbers(scaleOf(name)));
    const whole = tensor(`${name}.${type}`, type, dims, forEachBlock);
    const scale = tensor(scaleOf(name), "float32", [scales.length], (use) => use(scales));
    // A zero point of int32, which is always 0, is refused by some runtimes.
    const zeros = new Float32Array(scales.length);
    const zero = type === "int8" ? [tensor(`${name}.zero`, type, [scales.length], (use) => use(zeros))] : [];
    sink.node("DequantizeLinear", [whole, scale, ...zero], [name], { axis: 0 });
    return name;
  };
  const sink: Sink = {
    node(opType, inputs, outputs, attributes = {}) {
      const name = outputs[0]!;
      const count = names.get(name) ?? 0;
      names.set(name, count + 1);
      nodes.push({
        opType,
        name: `${name}/${opType}${count > 0 ? count : ""}`,
        input: inputs.map(renamed),
        output: outputs.map(renamed),
        attribute: attributeProtos(attributes),
      });
    },
    vector(parameter) {
      const values = numbers(parameter.name);
      return stored(parameter, [parameter.shape[0]!], (use) => use(pack(values)));
    },
    weight(parameter, dims) {
      const part = asPart(numbers(parameter.name), parameter);
      return stored(parameter, dims, (use) => forEachOihwBlock(part, use));
    },
    constant: (name, type, dims, values) => tensor(name, type, dims, (use) => use(values)),
    scalar: (name, value, type) =>
      sink.constant(type === "float16" ? `${name}.${type}` : name, type, [], Float32Array.of(value)),
    extents: inferExtents(graph, options.resolution),
  };
  for (const node of graph.nodes) emitNode(sink, node);
  // A value that is only read in another scale (unclippedHardSigmoid) is not dequantised in its own.
  const read = new Set(nodes.flatMap(({ input }) => input!));
  const needed = nodes.filter(({ opType, output }) => opType !== "DequantizeLinear" || read.has(output![0]!));

  const batch = options.staticBatch ?? "batch_size";
  const input = [batch, graph.input.channels, options.resolution, options.resolution];
  const dimsOf = (value: Value<number>): readonly (number | string)[] => {
    const extent = extentOf(sink.extents, value);
    if (extent === "vector") return [value.channels];
    return extent === "flat" ? [batch, value.channels] : [batch, value.channels, extent, extent];
  };
  const outputs = graph.outputs.map((value) => valueInfo(renamed(value.name), dimsOf(value)));
  const model: onnx.IModelProto = {
    irVersion: opsetRow(opset).ir,
    opsetImport: [{ domain: "", version: opset }],
    producerName: "nestling",
    producerVersion: options.metadata?.["nestling.version"] ?? "",
    graph: {
      name: graph.name,
      node: needed,
      input: [valueInfo(graph.input.name, input)],
      output: outputs,
    },
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
  return encodeModel(model, [...tensors.values()]);
}
