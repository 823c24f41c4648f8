/** Random nets of every operator (the engines' conformance nets) as children: numbers for every parameter, statistics included. */
import { random } from "../../src/base/random.js";
import { statisticsNames } from "../../src/compile/batch-statistics.js";
import type { Child } from "../../src/compile/child.js";
import { pack } from "../../src/compile/numbers.js";
import { useStatistics } from "../../src/compile/use-statistics.js";
import type { ImageBlock } from "../../src/data/image-block.js";
import { plainSize, type Graph } from "../../src/graph/graph.js";
import { randomNet, randomWeights } from "../engine/conformance.js";
import { referenceForward } from "../engine/reference.js";

export interface NetCase {
  readonly child: Child;
  readonly block: ImageBlock;
}

/** A net whose batch norms have no statistics yet. */
export function randomNetChild(seed: number): NetCase {
  const { graph, batch, resolution } = randomNet(seed);
  const draw = random(seed, "child");
  const weights = randomWeights(graph, draw);
  const channels = plainSize(graph.input.channels);
  const images = Float32Array.from({ length: batch * resolution ** 2 * channels }, () => draw.normal());
  return { child: { graph, weights }, block: { images, count: batch, resolution, channels } };
}

/** The same with fixed random statistics. */
export function withRandomStatistics({ child, block }: NetCase, seed: number): NetCase {
  const draw = random(seed, "statistics");
  const statistics = new Map<string, Float32Array>();
  for (const node of child.graph.nodes) {
    if (node.op !== "batchNorm") continue;
    const length = plainSize(node.in.x.channels);
    const names = statisticsNames(node);
    statistics.set(
      names.mean,
      Float32Array.from({ length }, () => 0.5 * draw.normal()),
    );
    statistics.set(
      names.variance,
      Float32Array.from({ length }, () => 0.3 + draw.next()),
    );
  }
  return { child: useStatistics(child, statistics), block };
}

/** Every parameter's numbers in an array of its own, as engines take them. */
export const packed = (weights: Child["weights"]): Map<string, Float32Array> =>
  new Map([...weights].map(([name, numbers]) => [name, pack(numbers)]));

/** What the definitions of the operators say, in float64. */
export function reference({ graph, weights }: Child, { images, count, resolution }: ImageBlock): Float64Array {
  const wide = new Map([...packed(weights)].map(([name, values]) => [name, Float64Array.from(values)]));
  return referenceForward(graph, wide, Float64Array.from(images), { batch: count, resolution });
}

/** The part of a graph that one of its values depends on, which it then puts out. */
export function upTo(graph: Graph, name: string): Graph {
  const last = graph.nodes.findIndex((node) =>
    Object.values<{ name: string }>(node.out).some((out) => out.name === name),
  );
  const made = graph.nodes[last]!.out;
  const nodes = graph.nodes.slice(0, last + 1);
  return { ...graph, nodes, outputs: [Object.values(made).find((value) => value.name === name)!] };
}
