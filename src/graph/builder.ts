/** Builds graphs for training. A method per operator names node, output and parameters after a dotted path. */
import type { ActivationFunction } from "./activations.js";
import type { Graph } from "./graph.js";
import type { FakeQuantization, Node } from "./operators.js";
import type { Channels, Gate, Initializer, Kernel, Parameter, Size, Value } from "./values.js";

const BATCH_NORM_EPSILON = 1e-5;

/** `S` is the type of sizes: `number` in a plain graph. */
export interface GraphBuilder<S extends Size = Size> {
  readonly input: Value<S>;
  conv(
    path: string,
    x: Value<S>,
    options: { out: Channels<S>; kernel?: Kernel<S>; stride?: number; bias?: boolean; identityWhenSquare?: true },
  ): Value<S>;
  depthwise(path: string, x: Value<S>, options: { kernel: Kernel<S>; stride?: number }): Value<S>;
  /**
   * Bypasses a gated branch: x if the gate is closed, zero if it is open. The sum of branch and bypass is thus one or
   * the other.
   */
  bypass(path: string, x: Value<S>, gate: Gate): Value<S>;
  dense(path: string, x: Value<S>, units: number): Value<S>;
  /** `start` is gamma's initial value: 0 for the last batch norm of a residual branch. */
  batchNorm(path: string, x: Value<S>, options?: { gate?: Gate; start?: 0 | 1 }): Value<S>;
  activation(path: string, x: Value<S>, name: ActivationFunction): Value<S>;
  add(path: string, x: Value<S>, branch: Value<S>): Value<S>;
  multiply(path: string, x: Value<S>, factor: Value<S>): Value<S>;
  averagePool(path: string, x: Value<S>, stride: number): Value<S>;
  globalAveragePool(path: string, x: Value<S>): Value<S>;
  flatten(path: string, x: Value<S>): Value<S>;
  dropout(path: string, x: Value<S>): Value<S>;
  fakeQuantize(path: string, x: Value<S>, quantization: FakeQuantization): Value<S>;
  build(outputs: readonly Value<S>[]): Graph<"trained", S>;
}

/** Makes a builder. It adds no elastic sizes itself, so `graphBuilder<number>(…)` builds a plain graph. */
export function graphBuilder<S extends Size = Size>(name: string, inputChannels: number): GraphBuilder<S>;
export function graphBuilder(name: string, inputChannels: number): GraphBuilder {
  const nodes: Node<"trained">[] = [];
  const input = valueOf("pixel_values", inputChannels);
  const put = (node: Node<"trained">): Value => {
    nodes.push(node);
    return node.out.y;
  };
  return {
    input,
    conv(path, x, { out, kernel = 1, stride = 1, bias = false, identityWhenSquare }) {
      const weight = parameter(`${path}.weight`, [kernel, kernel, x.channels, out], "he-normal-fan-out", true);
      return put({
        op: "conv",
        name: path,
        in: { x, weight, ...(bias && { bias: parameter(`${path}.bias`, [out], "zeros", false) }) },
        attributes: { kernel, stride, ...(identityWhenSquare && { identityWhenSquare }) },
        out: { y: valueOf(path, out) },
      });
    },
    depthwise(path, x, { kernel, stride = 1 }) {
      const weight = parameter(`${path}.weight`, [kernel, kernel, x.channels], "he-normal-fan-out", true);
      const attributes = { kernel, stride };
      return put({ op: "depthwise", name: path, in: { x, weight }, attributes, out: like(path, x) });
    },
    bypass(path, x, gate) {
      const weight = parameter(`${path}.weight`, [1, 1, x.channels], "ones", false);
      const attributes = { kernel: 1, stride: 1, bypasses: gate };
      return put({ op: "depthwise", name: path, in: { x, weight }, attributes, out: like(path, x) });
    },
    dense(path, x, units) {
      const weight = parameter(`${path}.weight`, [x.channels, units], "uniform-fan-in", true);
      const bias = parameter(`${path}.bias`, [units], "zeros", false);
      const out = { y: valueOf(path, units) };
      return put({ op: "dense", name: path, in: { x, weight, bias }, attributes: {}, out });
    },
    batchNorm(path, x, { gate, start = 1 } = {}) {
      const gamma = parameter(`${path}.gamma`, [x.channels], start === 0 ? "last-gamma" : "ones", false);
      const beta = parameter(`${path}.beta`, [x.channels], "zeros", false);
      const attributes = { epsilon: BATCH_NORM_EPSILON, ...(gate && { gate }) };
      return put({ op: "batchNorm", name: path, in: { x, gamma, beta }, attributes, out: like(path, x) });
    },
    activation: (path, x, name) =>
      put({ op: "activation", name: path, in: { x }, attributes: { function: name }, out: like(path, x) }),
    add: (path, x, branch) => put({ op: "add", name: path, in: { x, branch }, attributes: {}, out: like(path, x) }),
    multiply: (path, x, factor) =>
      put({ op: "multiply", name: path, in: { x, factor }, attributes: {}, out: like(path, x) }),
    averagePool: (path, x, stride) =>
      put({ op: "averagePool", name: path, in: { x }, attributes: { stride }, out: like(path, x) }),
    globalAveragePool: (path, x) =>
      put({ op: "globalAveragePool", name: path, in: { x }, attributes: {}, out: like(path, x) }),
    flatten: (path, x) => put({ op: "flatten", name: path, in: { x }, attributes: {}, out: like(path, x) }),
    dropout: (path, x) => put({ op: "dropout", name: path, in: { x }, attributes: {}, out: like(path, x) }),
    fakeQuantize: (path, x, quantization) =>
      put({ op: "fakeQuantize", name: path, in: { x }, attributes: quantization, out: like(path, x) }),
    build: (outputs) => ({ name, input, nodes, outputs }),
  };
}

const valueOf = (name: string, channels: Channels): Value => ({ name, channels, dtype: "float32" });

/** The output of an operator that keeps its input's channels. */
const like = (path: string, { channels }: Value): { readonly y: Value } => ({ y: valueOf(path, channels) });

const parameter = (name: string, shape: readonly Size[], initializer: Initializer, decay: boolean): Parameter => ({
  name,
  shape,
  dtype: "float32",
  initializer,
  decay,
});
