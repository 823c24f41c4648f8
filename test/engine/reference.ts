/** A float64 interpreter of graphs, written as loops from the definitions. Engines are checked against it. */
import { wholeNumbers, type FakeQuantization } from "../../src/graph/operators.js";
import type { PlainGraph } from "../../src/graph/graph.js";
import { isParameter, type Parameter, type Value } from "../../src/graph/values.js";
import type { ActivationFunction } from "../../src/graph/activations.js";
import { inferExtents } from "../../src/graph/shapes.js";

export type Arrays64 = ReadonlyMap<string, Float64Array>;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const relu6 = (x: number): number => Math.min(Math.max(x, 0), 6);
const functions: Record<ActivationFunction, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  relu6,
  swish: (x) => x * sigmoid(x),
  "hard-swish": (x) => (x * relu6(x + 3)) / 6,
  sigmoid,
  "hard-sigmoid": (x) => relu6(x + 3) / 6,
};

/** How `fakeQuantize` rounds. */
export interface Rounding {
  /** Computes the range and the quotients in float32, as engines do, so that both round alike. */
  readonly float32?: boolean;
  /**
   * What rounding adds to each value, by the node's name: filled by a first pass, kept by later ones. So the differences of later passes
   * are the straight-through gradient's.
   */
  readonly added?: Map<string, Float64Array>;
}

const halfToEven = (x: number): number => {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
};

/** The nearest of 2^bits numbers. */
export function fakeQuantized(x: Float64Array, { bits, range }: FakeQuantization, float32 = false): Float64Array {
  const f = float32 ? Math.fround : (value: number): number => value;
  const levels = 2 ** bits - 1;
  const [smallest, largest] =
    range ?? x.reduce(([low, high], value) => [Math.min(low, f(value)), Math.max(high, f(value))], [0, 0]);
  const given = f(f(largest - smallest) * f(1 / levels));
  const size = given < 1e-30 ? 1 : given;
  const power = 2 ** Math.floor(Math.log2(size));
  const unit = (size < 1.5 * power ? power : 2 * power) / 2 ** 15;
  const scale = halfToEven(size / unit) * unit;
  const step = f(scale * (1 - 2 ** -14));
  const zeroPoint = halfToEven(f(-smallest / step));
  return x.map((value) => {
    const q = halfToEven(f(f(value) / step)) + zeroPoint;
    return (Math.min(levels, Math.max(0, q)) - zeroPoint) * scale;
  });
}

/**
 * Computes the logits [batch × classes] of NHWC images.
 * @param values by name, as an earlier call left them: nodes whose outputs are there aren't computed again
 */
export function referenceForward(
  graph: PlainGraph,
  weights: Arrays64,
  images: Float64Array,
  { batch, resolution }: { batch: number; resolution: number },
  dropout?: Float64Array,
  { float32, added }: Rounding = {},
  values = new Map<string, Float64Array>(),
): Float64Array {
  const extents = inferExtents(graph, resolution);
  values.set(graph.input.name, images);
  const read = (value: Value): Float64Array => values.get(value.name)!;
  const weight = (parameter: Parameter): Float64Array => weights.get(parameter.name)!;
  const extent = (value: Value): number => {
    const size = extents.get(value.name);
    return typeof size === "number" ? size : 1;
  };
  const statistic = (source: Value | Parameter): Float64Array => (isParameter(source) ? weight(source) : read(source));
  const channels = (value: Value<number>): number => value.channels;
  const make = (value: Value<number>, at: (b: number, y: number, x: number, c: number) => number): void => {
    const [size, C] = [extent(value), channels(value)];
    const out = new Float64Array(batch * size * size * C);
    let i = 0;
    for (let b = 0; b < batch; b++)
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) for (let c = 0; c < C; c++) out[i++] = at(b, y, x, c);
    values.set(value.name, out);
  };
  const reader = (value: Value<number>) => {
    const [data, size, C] = [read(value), extent(value), channels(value)];
    return (b: number, y: number, x: number, c: number): number =>
      y < 0 || x < 0 || y >= size || x >= size ? 0 : data[((b * size + y) * size + x) * C + c]!;
  };

  for (const node of graph.nodes) {
    if (Object.values(node.out).every(({ name }) => values.has(name))) continue;
    switch (node.op) {
      case "conv":
      case "dense": {
        const k = node.op === "dense" ? 1 : node.attributes.kernel;
        const stride = node.op === "dense" ? 1 : node.attributes.stride;
        const [x, w, C, N] = [reader(node.in.x), weight(node.in.weight), channels(node.in.x), channels(node.out.y)];
        const bias = node.in.bias && weight(node.in.bias);
        make(node.out.y, (b, oy, ox, n) => {
          let sum = bias ? bias[n]! : 0;
          for (let ky = 0; ky < k; ky++)
            for (let kx = 0; kx < k; kx++)
              for (let c = 0; c < C; c++)
                sum +=
                  x(b, oy * stride + ky - (k - 1) / 2, ox * stride + kx - (k - 1) / 2, c) *
                  w[((ky * k + kx) * C + c) * N + n]!;
          return sum;
        });
        break;
      }
      case "depthwise": {
        const { stride } = node.attributes;
        const [k, x, w, C] = [node.attributes.kernel, reader(node.in.x), weight(node.in.weight), channels(node.in.x)];
        const bias = node.in.bias && weight(node.in.bias);
        make(node.out.y, (b, oy, ox, c) => {
          let sum = bias ? bias[c]! : 0;
          for (let ky = 0; ky < k; ky++)
            for (let kx = 0; kx < k; kx++)
              sum +=
                x(b, oy * stride + ky - (k - 1) / 2, ox * stride + kx - (k - 1) / 2, c) * w[(ky * k + kx) * C + c]!;
          return sum;
        });
        break;
      }
      case "batchNorm": {
        const [x, data, C] = [reader(node.in.x), read(node.in.x), channels(node.in.x)];
        const [gamma, beta] = [weight(node.in.gamma), weight(node.in.beta)];
        const own = momentsOf(data, C);
        const mean = node.in.mean ? statistic(node.in.mean) : own.mean;
        const variance = node.in.variance ? statistic(node.in.variance) : own.variance;
        make(
          node.out.y,
          (b, y, xx, c) =>
            ((x(b, y, xx, c) - mean[c]!) / Math.sqrt(variance[c]! + node.attributes.epsilon)) * gamma[c]! + beta[c]!,
        );
        break;
      }
      case "moments": {
        const { mean, variance } = momentsOf(read(node.in.x), channels(node.in.x));
        values.set(node.out.mean.name, mean);
        values.set(node.out.variance.name, variance);
        break;
      }
      case "extremes": {
        const [x, count] = [read(node.in.x), channels(node.in.x)];
        const end = (pick: (...numbers: number[]) => number): Float64Array =>
          Float64Array.from({ length: count }, (_, c) =>
            x.filter((_, i) => i % count === c).reduce((a, b) => pick(a, b)),
          );
        values.set(node.out.smallest.name, end(Math.min));
        values.set(node.out.largest.name, end(Math.max));
        break;
      }
      case "quantize": {
        const { type, scale, zeroPoint } = node.attributes;
        const { least, most } = wholeNumbers[type];
        const nearest = (x: number): number => Math.min(most, Math.max(least, Math.round(x / scale) + zeroPoint));
        values.set(
          node.out.y.name,
          read(node.in.x).map((x) => scale * (nearest(x) - zeroPoint)),
        );
        break;
      }
      case "unclippedHardSigmoid": {
        const { slope } = node.attributes;
        values.set(
          node.out.y.name,
          read(node.in.x).map((x) => slope * x + 1 / 2),
        );
        break;
      }
      case "cast":
        // Everything is a float64 here.
        values.set(node.out.y.name, read(node.in.x));
        break;
      case "activation":
        values.set(node.out.y.name, read(node.in.x).map(functions[node.attributes.function]));
        break;
      case "add": {
        const branch = read(node.in.branch);
        values.set(
          node.out.y.name,
          read(node.in.x).map((x, i) => x + branch[i]!),
        );
        break;
      }
      case "multiply": {
        const [x, factor] = [reader(node.in.x), reader(node.in.factor)];
        const isWhole = extent(node.in.factor) === extent(node.in.x);
        make(node.out.y, (b, y, xx, c) => x(b, y, xx, c) * (isWhole ? factor(b, y, xx, c) : factor(b, 0, 0, c)));
        break;
      }
      case "averagePool": {
        const [x, size] = [reader(node.in.x), extent(node.in.x)];
        const { stride } = node.attributes;
        make(node.out.y, (b, oy, ox, c) => {
          let [sum, count] = [0, 0];
          for (let y = oy * stride; y < Math.min(size, (oy + 1) * stride); y++)
            for (let xx = ox * stride; xx < Math.min(size, (ox + 1) * stride); xx++, count++) sum += x(b, y, xx, c);
          return sum / count;
        });
        break;
      }
      case "globalAveragePool": {
        const [x, size] = [reader(node.in.x), extent(node.in.x)];
        make(node.out.y, (b, _, __, c) => {
          let sum = 0;
          for (let y = 0; y < size; y++) for (let xx = 0; xx < size; xx++) sum += x(b, y, xx, c);
          return sum / size ** 2;
        });
        break;
      }
      case "flatten":
        values.set(node.out.y.name, read(node.in.x));
        break;
      case "fakeQuantize": {
        const x = read(node.in.x);
        const kept = added?.get(node.name);
        const y = kept ? x.map((value, i) => value + kept[i]!) : fakeQuantized(x, node.attributes, float32);
        if (!kept)
          added?.set(
            node.name,
            y.map((value, i) => value - x[i]!),
          );
        values.set(node.out.y.name, y);
        break;
      }
      case "dropout":
        values.set(node.out.y.name, dropout ? read(node.in.x).map((x, i) => x * dropout[i]!) : read(node.in.x));
        break;
    }
  }
  return read(graph.outputs[0]!);
}

/** Mean and biased variance per channel over the rows. */
export function momentsOf(data: Float64Array, C: number): { mean: Float64Array; variance: Float64Array } {
  const [mean, variance] = [new Float64Array(C), new Float64Array(C)];
  const rows = data.length / C;
  data.forEach((x, i) => (mean[i % C]! += x / rows));
  data.forEach((x, i) => (variance[i % C]! += (x - mean[i % C]!) ** 2 / rows));
  return { mean, variance };
}
