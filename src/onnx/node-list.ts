/** Nodes and constants of a graph that is written by hand: each call names what it computes. */
import { onnx } from "./onnx.js";
import { attributeProtos, dataTypeOf, type Attributes } from "./protos.js";

export interface NodeList {
  readonly nodes: readonly onnx.INodeProto[];
  readonly constants: readonly onnx.ITensorProto[];
  /**
   * Adds a node of one output.
   * @param name of the output; by default one of its own
   * @returns the output's name
   */
  add(op: string, inputs: readonly string[], attributes?: Attributes, name?: string): string;
  /** A constant of int64, a vector unless dims say otherwise. */
  whole(values: readonly number[]): string;
  /** A constant of float32, a scalar unless dims say otherwise. */
  number(values: readonly number[], dims?: readonly number[]): string;
  /** One of two results, of which only the one that is asked for is computed. Both may read what is outside of them. */
  either(condition: string, then: (branch: NodeList) => string, otherwise: (branch: NodeList) => string): string;
}

/** @param prefix of all names, so that they meet no others */
export function nodeList(prefix: string): NodeList {
  const nodes: onnx.INodeProto[] = [];
  const constants: onnx.ITensorProto[] = [];
  let count = 0;
  const push = (op: string, input: readonly string[], attribute: onnx.IAttributeProto[], name?: string): string => {
    const output = name ?? `${prefix}/${op}${count++}`;
    nodes.push({ opType: op, name: `${output}/node`, input: [...input], output: [output], attribute });
    return output;
  };
  const constant = (dataType: number, dims: readonly number[], raw: ArrayBufferView): string => {
    const name = `${prefix}/constant${count++}`;
    const rawData = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    constants.push({ name, dataType, dims: [...dims], rawData });
    return name;
  };
  const branch = (name: string, body: (branch: NodeList) => string): onnx.IAttributeProto => {
    const list = nodeList(`${prefix}/${name}${count++}`);
    const output = body(list);
    const graph = { name, node: [...list.nodes], initializer: [...list.constants], output: [{ name: output }] };
    return { name: `${name}_branch`, type: onnx.AttributeProto.AttributeType.GRAPH, g: graph };
  };
  return {
    nodes,
    constants,
    add: (op, inputs, attributes = {}, name) => push(op, inputs, attributeProtos(attributes), name),
    whole: (values) => constant(dataTypeOf("int64"), [values.length], BigInt64Array.from(values, BigInt)),
    number: (values, dims = []) => constant(dataTypeOf("float32"), dims, Float32Array.from(values)),
    either: (condition, then, otherwise) => push("If", [condition], [branch("then", then), branch("else", otherwise)]),
  };
}
