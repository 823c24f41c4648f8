/**
 * Random nets of every operator (the engines' conformance nets) as children, with values for every parameter,
 * statistics included.
 */
import { random } from "../../src/base/random.js";
import type { Child } from "../../src/compile/child.js";
import { lower } from "../../src/compile/lower.js";
import { pack } from "../../src/compile/numbers.js";
import { recalibration } from "../../src/compile/recalibration.js";
import { nodesOf, valuesOutOf, type PlainGraph } from "../../src/graph/graph.js";
import { floatBlock, type FloatBlock, type Floats } from "../float-block.js";
import { randomNet, randomWeights } from "../engine/conformance.js";
import { referenceForward } from "../engine/reference.js";

export interface NetCase {
  readonly child: Child<"trained">;
  readonly block: FloatBlock;
}

/** A net whose batch norms have no statistics yet. */
export function randomNetChild(seed: number): NetCase {
  const { graph, batch, resolution } = randomNet(seed, { rounds: false });
  const draw = random(seed, "child");
  const weights = randomWeights(graph, draw);
  const { channels } = graph.input;
  const images = Float32Array.from({ length: batch * resolution ** 2 * channels }, () => draw.normal());
  return { child: { graph, weights }, block: floatBlock({ images, count: batch, resolution, channels }) };
}

/** The net in its form for deployment, with fixed random statistics. */
export function withRandomStatistics({ child }: NetCase, seed: number): Child {
  const draw = random(seed, "statistics");
  const lowered = lower.run(child).child;
  const statistics = nodesOf(lowered.graph, "moments").flatMap(({ out: { mean, variance } }) => {
    const length = mean.channels;
    return [
      [mean.name, Float32Array.from({ length }, () => 0.5 * draw.normal())],
      [variance.name, Float32Array.from({ length }, () => 0.3 + draw.next())],
    ] as const;
  });
  return recalibration.absorb(lowered, new Map(statistics)).child;
}

/** Every parameter's values in an array of its own, as engines take them. */
export const packed = (weights: Child["weights"]): Map<string, Float32Array> =>
  new Map([...weights].map(([name, numbers]) => [name, pack(numbers)]));

/** The result by the definitions of the operators, in float64. */
export function reference(
  { graph, weights }: Child | Child<"trained">,
  { images, count, resolution }: Floats,
): Float64Array {
  const wide = new Map([...packed(weights)].map(([name, values]) => [name, Float64Array.from(values)]));
  return referenceForward(graph, wide, Float64Array.from(images), { batch: count, resolution });
}

/** The part of a graph that one of its values depends on, with that value as output. */
export function upTo(graph: PlainGraph<"deployed">, name: string): PlainGraph<"deployed"> {
  const last = graph.nodes.findIndex((node) => valuesOutOf(node).some((out) => out.name === name));
  const nodes = graph.nodes.slice(0, last + 1);
  return { ...graph, nodes, outputs: [valuesOutOf(nodes[last]!).find((value) => value.name === name)!] };
}
