/**
 * Measured pass: weights of 8 bits, symmetric, with a scale per output channel; activations of 8 bits with a scale and a zero point each; biases
 * of 32 bits, whose scale is that of the sum that they join. A layout (layouts.ts) says which whole numbers, and its places which nodes read
 * 8 bits; a value is quantised once for all of them.
 */
import { isParameter, type Parameter, type Value } from "../graph/values.js";
import { inputsOf, valuesInto, valuesOutOf } from "../graph/graph.js";
import type { Quantization } from "../graph/operators.js";
import { mapNode } from "../graph/rewrite.js";
import type { Child } from "./child.js";
import type { Layout } from "./layouts.js";
import { pack, scaleOf, type Numbers } from "./numbers.js";
import type { Found, Measured, Note, Outcome } from "./pass.js";
import { quantizable, type Kept } from "./places.js";
import { quantizationOf, rangeMethods } from "./ranges.js";
import type { AnyNode } from "./rule.js";

export const quantizeStep = "quantize";

/** Numbers of an activation that are kept of each batch. */
const SAMPLED = 256;
/** A bias of more needs a larger scale of its channel's weights. */
const LARGEST_BIAS = 2 ** 30;

/**
 * @param method of `rangeMethods`
 * @param kept layers that stay in float32, with why
 */
export const quantize = (method: string, layout: Layout, kept: Kept = new Map()): Measured => ({
  name: quantizeStep,
  batch: 10,
  observe(graph) {
    // No graph may output its input: a cast to its own type is another value.
    const input = { ...graph.input, name: `${graph.input.name}.seen` };
    const seen: AnyNode = { op: "cast", name: input.name, in: { x: graph.input }, attributes: {}, out: { y: input } };
    return { ...graph, nodes: [seen, ...graph.nodes], outputs: [input, ...quantizable(graph).slice(1)] };
  },
  keep: (outputs, batch) => new Map([...outputs].map(([name, values]) => [name, sampled(values, batch)])),
  conclude(_, observations) {
    return new Map(
      [...observations[0]!.outputs.keys()].map((name) => [
        name,
        joined(observations.map(({ outputs }) => outputs.get(name)!)),
      ]),
    );
  },
  absorb: (child, found) => absorb(child, found, { method, layout, kept }),
});

/** The smallest, the largest, and some evenly from between, another place each batch. */
function sampled(values: Float32Array, batch: number): Float32Array {
  let [smallest, largest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const count = Math.min(SAMPLED, values.length);
  const step = values.length / count;
  const shift = (batch * 0.618) % 1;
  const between = Array.from(
    { length: count },
    (_, i) => values[Math.min(values.length - 1, Math.floor((i + shift) * step))]!,
  );
  return Float32Array.from([smallest, largest, ...between]);
}

/** The smallest, the largest, and the samples of all batches in ascending order. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const smallest = parts.reduce((least, part) => Math.min(least, part[0]!), Infinity);
  const largest = parts.reduce((most, part) => Math.max(most, part[1]!), -Infinity);
  const sample = Float32Array.from(parts.flatMap((part) => [...part.subarray(2)])).sort();
  return Float32Array.from([smallest, largest, ...sample]);
}

function absorb(
  { graph, weights }: Child,
  found: Found,
  { method, layout, kept }: { readonly method: string; readonly layout: Layout; readonly kept: Kept },
): Outcome {
  const notes: Note[] = [];
  const nodes: AnyNode[] = [];
  const all = new Map<string, Numbers>(weights);
  /** What is read instead of a value, and its numbers. */
  const instead = new Map<string, { readonly y: Value<number>; readonly by: Quantization }>();
  const rangeOf = rangeMethods.get(method)!;
  const reads8Bits = layout.places(graph, kept);
  const wanted = new Set(
    graph.nodes.flatMap((node) =>
      valuesInto(node)
        .filter((value) => reads8Bits(node, value))
        .map(({ name }) => name),
    ),
  );
  const put = (x: Value<number>, by: Quantization): void => {
    const y = { ...x, name: `${x.name}.8bit` };
    nodes.push({ op: "quantize", name: `${x.name}.quantize`, in: { x }, attributes: by, out: { y } });
    instead.set(x.name, { y, by });
  };
  const seenOf = (name: string): Quantization => {
    const [smallest, largest, ...sample] = found.get(name)!;
    const seen = { smallest: smallest!, largest: largest!, sample: Float32Array.from(sample) };
    return quantizationOf(rangeOf(seen, layout.activations), layout.activations);
  };
  if (wanted.has(graph.input.name)) put(graph.input, seenOf(`${graph.input.name}.seen`));
  for (const node of graph.nodes) {
    const why = kept.get(node.name);
    const [x, y] = [valuesInto(node)[0]!, valuesOutOf(node)[0]!];
    const by = why === undefined ? instead.get(x.name)?.by : undefined;
    const weight = "weight" in node.in ? node.in.weight : undefined;
    const given = "bias" in node.in ? node.in.bias : undefined;
    const bias = layout.biases === "int32" ? given : undefined;
    if (weight && by) {
      const [whole, scales] = wholeWeight(pack(weights.get(weight.name)!), weight, {
        layout,
        // Also where it stays float32 in the file: onnxruntime rounds it to that scale by itself.
        bias: given && pack(weights.get(given.name)!),
        inputScale: by.scale,
      });
      all.set(weight.name, whole).set(scaleOf(weight.name), scales);
      if (bias) {
        const biasScales = scales.map((scale) => scale * by.scale);
        all.set(scaleOf(bias.name), biasScales);
        all.set(
          bias.name,
          pack(weights.get(bias.name)!).map((value, c) => Math.round(value / biasScales[c]!)),
        );
      }
    }
    const changed = mapNode<"deployed", number, number>(node, {
      read: (value) => (reads8Bits(node, value) && instead.get(value.name)?.y) || value,
      make: (value) => value,
      parameter: (parameter) => ({
        ...parameter,
        ...(by && parameter === weight && { stored: "int8" as const }),
        ...(by && parameter === bias && { stored: "int32" as const }),
      }),
    });
    const isWhole = by !== undefined && reads8Bits(node, x) && wanted.has(y.name);
    const written = isWhole ? inWholeNumbers(changed, by, layout) : changed;
    nodes.push(written);
    notes.push(
      why === undefined
        ? { node: node.name, verdict: "rewrote", detail: `quantised, ranges by ${method}` }
        : { node: node.name, verdict: "skipped", detail: why },
    );
    if (!wanted.has(y.name)) continue;
    if (written.op === "unclippedHardSigmoid") put(y, quantizationOf([0, 1], layout.activations));
    // The numbers of a flattened value are those of the value: a runtime then moves nothing.
    else put(y, (written.op === "flatten" && by) || seenOf(y.name));
  }
  const used = new Set(
    nodes
      .flatMap((node) => inputsOf(node))
      .filter((input) => isParameter(input))
      .map(({ name }) => name),
  );
  const left = [...all].filter(([name]) => used.has(name) || used.has(name.replace(/\.scale$/, "")));
  return { child: { graph: { ...graph, nodes }, weights: new Map(left) }, notes };
}

/** A node as it is written where its input, of these numbers, and its output are quantised. */
function inWholeNumbers(node: AnyNode, by: Quantization, layout: Layout): AnyNode {
  if (node.op === "averagePool" && layout.poolsByConvolution) {
    return { ...node, attributes: { ...node.attributes, asConvolution: true } };
  }
  if (node.op === "activation" && node.attributes.function === "hard-sigmoid") {
    const { slope = 1 / 6 } = node.attributes;
    return { ...node, op: "unclippedHardSigmoid", attributes: { ...by, slope } };
  }
  return node;
}

/** A weight as whole numbers, its output channel last, and the channels' scales. */
function wholeWeight(
  values: Float32Array,
  { shape }: Parameter<number>,
  {
    layout,
    bias,
    inputScale,
  }: { readonly layout: Layout; readonly bias: Float32Array | undefined; readonly inputScale: number },
): [whole: Float32Array, scales: Float32Array] {
  const outputs = shape.at(-1)!;
  const scales = new Float32Array(outputs);
  values.forEach((value, i) => (scales[i % outputs] = Math.max(scales[i % outputs]!, Math.abs(value))));
  scales.forEach((largest, c) => {
    const ofBias = Math.abs(bias?.[c] ?? 0) / (LARGEST_BIAS * inputScale);
    scales[c] = Math.max(largest / layout.largestWeight, ofBias) || 1;
  });
  const whole = values.map((value, i) => {
    const limit = layout.largestWeight;
    return Math.min(limit, Math.max(-limit, Math.round(value / scales[i % outputs]!)));
  });
  return [whole, scales];
}
