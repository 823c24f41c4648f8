/** Builds graphs: one method per operator, which names the node, its output and its parameters after a dotted path. */
import type { ActivationFunction, NodeOf, OperatorName } from "./operators.js";
import type { Channels, Gate, Graph, Initializer, Kernel, Node, Parameter, Value } from "./graph.js";

export const BATCH_NORM_EPSILON = 1e-5;

export interface GraphBuilder {
  readonly input: Value;
  conv(
    path: string,
    x: Value,
    options: { out: Channels; kernel?: Kernel; stride?: number; bias?: boolean; identityWhenSquare?: true },
  ): Value;
  depthwise(path: string, x: Value, options: { kernel: Kernel; stride?: number }): Value;
  /** The way around a branch that a gate opens: x where it is closed, zero where it is open. The sum of both is a choice between them. */
  bypass(path: string, x: Value, gate: Gate): Value;
  dense(path: string, x: Value, units: number): Value;
  /** `start` is gamma's first value: 0 for the last batch norm of a residual branch. */
  batchNorm(path: string, x: Value, options?: { gate?: Gate; start?: 0 | 1 }): Value;
  activation(path: string, x: Value, name: ActivationFunction): Value;
  add(path: string, x: Value, branch: Value): Value;
  multiply(path: string, x: Value, factor: Value): Value;
  averagePool(path: string, x: Value, stride: number): Value;
  globalAveragePool(path: string, x: Value): Value;
  flatten(path: string, x: Value): Value;
  dropout(path: string, x: Value): Value;
  build(outputs: readonly Value[]): Graph;
}

export function graphBuilder(name: string, inputChannels: number): GraphBuilder {
  const nodes: Node[] = [];
  const input: Value = { name: "pixel_values", channels: inputChannels };

  const put = <Name extends OperatorName>(
    op: Name,
    path: string,
    inputs: NodeOf<Name>["in"],
    attributes: NodeOf<Name>["attributes"],
    channels: Channels,
  ): Value => {
    const y: Value = { name: path, channels };
    // The union of all nodes can't be narrowed by a type parameter; the arguments above are typed per operator.
    nodes.push({ op, name: path, in: inputs, attributes, out: { y } } as unknown as Node);
    return y;
  };

  return {
    input,
    conv(path, x, { out, kernel = 1, stride = 1, bias = false, identityWhenSquare }) {
      const weight = parameter(`${path}.weight`, [kernel, kernel, x.channels, out], "he-normal-fan-out", true);
      return put(
        "conv",
        path,
        { x, weight, ...(bias && { bias: parameter(`${path}.bias`, [out], "zeros", false) }) },
        { kernel, stride, ...(identityWhenSquare && { identityWhenSquare }) },
        out,
      );
    },
    depthwise(path, x, { kernel, stride = 1 }) {
      const weight = parameter(`${path}.weight`, [kernel, kernel, x.channels], "he-normal-fan-out", true);
      return put("depthwise", path, { x, weight }, { kernel, stride }, x.channels);
    },
    bypass(path, x, gate) {
      const weight = parameter(`${path}.weight`, [1, 1, x.channels], "ones", false);
      return put("depthwise", path, { x, weight }, { kernel: 1, stride: 1, bypasses: gate }, x.channels);
    },
    dense(path, x, units) {
      const weight = parameter(`${path}.weight`, [x.channels, units], "uniform-fan-in", true);
      const bias = parameter(`${path}.bias`, [units], "zeros", false);
      return put("dense", path, { x, weight, bias }, { units }, units);
    },
    batchNorm(path, x, { gate, start = 1 } = {}) {
      const gamma = parameter(`${path}.gamma`, [x.channels], start === 0 ? "zeros" : "ones", false);
      const beta = parameter(`${path}.beta`, [x.channels], "zeros", false);
      return put(
        "batchNorm",
        path,
        { x, gamma, beta },
        { epsilon: BATCH_NORM_EPSILON, ...(gate && { gate }) },
        x.channels,
      );
    },
    activation: (path, x, name) => put("activation", path, { x }, { function: name }, x.channels),
    add: (path, x, branch) => put("add", path, { x, branch }, {}, x.channels),
    multiply: (path, x, factor) => put("multiply", path, { x, factor }, {}, x.channels),
    averagePool: (path, x, stride) => put("averagePool", path, { x }, { stride }, x.channels),
    globalAveragePool: (path, x) => put("globalAveragePool", path, { x }, {}, x.channels),
    flatten: (path, x) => put("flatten", path, { x }, {}, x.channels),
    dropout: (path, x) => put("dropout", path, { x }, {}, x.channels),
    build: (outputs) => ({ name, input, nodes, outputs }),
  };
}

function parameter(
  name: string,
  shape: readonly (Channels | Kernel)[],
  initializer: Initializer,
  decay: boolean,
): Parameter {
  return { name, shape, initializer, decay };
}
