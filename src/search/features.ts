/**
 * What the accuracy model knows of an architecture: a number from 0 to 1 for each elastic dimension (its place in the list of values; of
 * the choices of blocks, the mean over the blocks), the logarithm of its MACs, and whether it is one of the space's ends.
 */
import { valuesOf, type Architecture } from "../space/architecture.js";
import type { Choice } from "../space/choices.js";
import type { SearchSpace } from "../space/space.js";
import { biggest, idOf, smallest } from "../space/space.js";
import type { PrecisionName } from "../compile/precisions.js";
import type { Subject } from "./subject.js";

export interface Features {
  readonly id: string;
  /** Each from 0 to 1. */
  readonly values: Float64Array;
  /** The biggest and the smallest child: the sandwich rule trains them in every step, so they are apart from the rest. */
  readonly end?: "smallest" | "biggest" | undefined;
}

/** @param macsOf an architecture's MACs */
export function featuresIn(space: SearchSpace, macsOf: (architecture: Architecture) => number) {
  const ends = [smallest(space), biggest(space)] as const;
  const [least, most] = ends.map((end) => Math.log(macsOf(end))) as [number, number];
  const [low, high] = ends.map((end) => idOf(space, end));
  return (architecture: Architecture): Features => {
    const id = idOf(space, architecture);
    const values = valuesOf(space.parts, architecture).flatMap(({ once, depth, each }, i) => {
      const { once: single, blocks } = space.parts[i]!;
      const own = single.map((choice, c) => placeOf(choice, once[c]!));
      if (!blocks) return own;
      const ofBlocks = blocks.each.map((choice, c) => mean(each[c]!.map((value) => placeOf(choice, value))));
      return [...own, placeOf(blocks.depth, depth), ...ofBlocks];
    });
    const size = (Math.log(macsOf(architecture)) - least) / (most - least || 1);
    const end = id === low ? "smallest" : id === high ? "biggest" : undefined;
    return { id, values: Float64Array.of(...values, size), end };
  };
}

/**
 * The same of an architecture in one of several precisions: a number more for each precision beside the first, 1 for its own.
 * @param featuresOf what is known of architectures
 */
export const featuresAmong =
  (featuresOf: ReturnType<typeof featuresIn>, precisions: readonly PrecisionName[]) =>
  ({ id, architecture, precision }: Subject): Features => {
    const features = featuresOf(architecture);
    if (precisions.length === 1) return features;
    const own = precisions.slice(1).map((name) => Number(name === precision));
    return { ...features, id, values: Float64Array.of(...features.values, ...own) };
  };

const placeOf = ({ values }: Choice, value: number): number =>
  values.length === 1 ? 0 : values.indexOf(value) / (values.length - 1);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
