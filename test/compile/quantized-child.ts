/** Children in int8 without images: what is measured is made up, so that thousands of files can be looked at. */
import type { Child } from "../../src/compile/child.js";
import { slicedChild } from "../../src/compile/children.js";
import { nodesOf } from "../../src/graph/graph.js";
import type { Found, Measured } from "../../src/compile/pass.js";
import { precisions, type PrecisionName } from "../../src/compile/precisions.js";
import { quantizeStep } from "../../src/compile/quantize.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { randomArchitectures, randomSupernet, spaceAt } from "./random-children.js";

/** Activations from −3 to 5, after a relu from 0; means of 0 and variances of 1. */
function madeUp(measured: Measured, { graph }: Child): Found {
  const relus = new Set(
    nodesOf(graph, "activation")
      .filter(isRelu)
      .map(({ out }) => out.y.name),
  );
  return new Map(
    measured.observe(graph).outputs.map(({ name, channels }) => {
      const least = relus.has(name) ? 0 : -3;
      if (measured.name === quantizeStep) return [name, Float32Array.of(least, 5, least, 0, 1, 5)];
      return [name, new Float32Array(channels).fill(name.endsWith("variance") ? 1 : 0)];
    }),
  );
}

const isRelu = ({ attributes }: { readonly attributes: { readonly function: string } }): boolean =>
  attributes.function.startsWith("relu");

export interface QuantizedChild {
  readonly name: string;
  readonly child: Child;
  readonly resolution: number;
}

/** Random children of a space in a precision. */
export async function quantizedChildren(
  name: string,
  precision: PrecisionName,
  count: number,
): Promise<QuantizedChild[]> {
  const space = await spaceAt(name, [24]);
  const { supernet, weights } = randomSupernet(space, 1);
  const found: QuantizedChild[] = [];
  for (const [id, architecture] of randomArchitectures(space, 5, count)) {
    const sliced = slicedChild(supernet, weights, architecture);
    const { child } = await runPasses(sliced, precisions[precision].steps, madeUp, async (ways) =>
      [...ways.keys()].map((way) => ({ way, isTaken: way === "min-max", correct: 0, images: 0, difference: 0 })),
    );
    found.push({ name: `${name} ${id}`, child, resolution: architecture.resolution });
  }
  return found;
}

/** The first of them. */
export const quantizedChild = async (name: string, precision: PrecisionName): Promise<QuantizedChild> =>
  (await quantizedChildren(name, precision, 1))[0]!;
