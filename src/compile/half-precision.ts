/**
 * Measured pass: weights and activations in float16, input and outputs in float32. A value that leaves float16's range on the recalibration
 * images stays in float32, with the nodes that make or read it; so does a node with a weight out of the range. A cast is put wherever the
 * type changes, once for all readers.
 */
import { valuesInto, valuesOutOf, inputsOf, type PlainGraph } from "../graph/graph.js";
import type { NodeOf } from "../graph/operators.js";
import { mapNode } from "../graph/rewrite.js";
import { isParameter, type DataType, type Parameter, type Value } from "../graph/values.js";
import { largestFloat16 } from "../onnx/float16.js";
import type { Child } from "./child.js";
import { pack } from "./numbers.js";
import type { Found, Measured, Note, Observation, Outcome } from "./pass.js";
import type { AnyNode } from "./rule.js";

/** The largest |x| that a value may have on the recalibration images: other images go higher, so half the range is kept free. */
export const largestMeasured = largestFloat16 / 2;

export const halfPrecision: Measured = {
  name: "half-precision",
  observe(graph) {
    const extremes = valuesOf(graph).map((x): NodeOf<"extremes", "deployed", number> => {
      const vector = (name: string): Value<number> => ({ ...x, name: `${x.name}.${name}` });
      const out = { smallest: vector("smallest"), largest: vector("largest") };
      return { op: "extremes", name: `${x.name}.extremes`, in: { x }, attributes: {}, out };
    });
    return {
      ...graph,
      nodes: [...graph.nodes, ...extremes],
      outputs: extremes.flatMap(({ out: { smallest, largest } }) => [smallest, largest]),
    };
  },
  conclude: largestOf,
  absorb: halve,
};

/** Every activation that a graph makes. */
const valuesOf = ({ nodes }: PlainGraph<"deployed">): Value<number>[] => nodes.flatMap((node) => valuesOutOf(node));

/** The largest |x| of each activation, NaN where one is no number. */
function largestOf(graph: PlainGraph<"deployed">, observations: readonly Observation[]): Found {
  const largest = (name: string): number => {
    const both = observations.flatMap(({ outputs }) =>
      ["smallest", "largest"].map((end) => largestIn(outputs.get(`${name}.${end}`)!)),
    );
    return largestIn(Float32Array.from(both));
  };
  return new Map(valuesOf(graph).map(({ name }) => [name, Float32Array.of(largest(name))]));
}

function largestIn(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function halve({ graph, weights }: Child, largest: Found): Outcome {
  const notes: Note[] = [];
  const nodes: AnyNode[] = [];
  /** The values that exist so far, by name and type. */
  const made = new Map([[keyOf(graph.input.name, graph.input.dtype), graph.input]]);
  /** The value in a type: itself, or a cast. */
  const valueAs = (value: Value<number>, dtype: DataType): Value<number> => {
    const known = made.get(keyOf(value.name, dtype));
    if (known) return known;
    const x = made.get(keyOf(value.name, dtype === "float16" ? "float32" : "float16"))!;
    const y = { ...x, name: `${x.name}.${dtype}`, dtype };
    nodes.push({ op: "cast", name: `${x.name}.to-${dtype}`, in: { x }, attributes: {}, out: { y } });
    made.set(keyOf(value.name, dtype), y);
    return y;
  };
  for (const node of graph.nodes) {
    const why = whyTooLarge(node, largest, (parameter) => pack(weights.get(parameter.name)!));
    const dtype = why === undefined ? "float16" : "float32";
    notes.push(
      why === undefined
        ? { node: node.name, verdict: "rewrote", detail: "computes in float16" }
        : { node: node.name, verdict: "skipped", detail: why },
    );
    const changed = mapNode<"deployed", number, number>(node, {
      read: (value) => valueAs(value, dtype),
      make: (value) => ({ ...value, dtype }),
      parameter: (parameter) => ({ ...parameter, dtype }),
    });
    nodes.push(changed);
    for (const value of valuesOutOf(changed)) made.set(keyOf(value.name, dtype), value);
  }
  const outputs = graph.outputs.map((value) => valueAs(value, "float32"));
  return { child: { graph: { ...graph, nodes, outputs }, weights }, notes };
}

const keyOf = (name: string, dtype: DataType): string => `${dtype} ${name}`;

/** Why a node can't be computed in float16; undefined where it can. */
function whyTooLarge(
  node: AnyNode,
  largest: Found,
  numbers: (parameter: Parameter<number>) => Float32Array,
): string | undefined {
  for (const { name } of [...valuesInto(node), ...valuesOutOf(node)]) {
    const value = largest.get(name)?.[0] ?? 0;
    // Written so that NaN counts as too large.
    if (!(value <= largestMeasured)) return `its value ${name} reaches ${value.toPrecision(3)}`;
  }
  for (const parameter of inputsOf(node).filter((input) => isParameter(input))) {
    const value = largestIn(numbers(parameter));
    if (!(value <= largestFloat16)) return `its parameter ${parameter.name} reaches ${value.toPrecision(3)}`;
  }
  return undefined;
}
