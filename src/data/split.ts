/** Training and validation parts by seed, each class in equal shares. The search judges on the validation part. */
import { permutation, random } from "../base/random.js";
import type { Dataset, ImageFacts } from "./images.js";

/**
 * The fewest images on which two children can be told apart. Where they differ on one image in five, always to the same side, 30 images show 6
 * differences, and six of the same sign have a probability of 2 · 0.5⁶ = 3 % by chance.
 */
export const fewestImages = 30;

export interface Split {
  /** Indices in increasing order. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** The parts that a data set's source makes itself, or else those drawn by seed. */
export function partsOf({ train, validation }: Dataset, drawn: { share: number; seed: number }): Split {
  if (!validation) return splitTrainValidation(train, drawn);
  const aside = new Set(validation);
  return { train: Uint32Array.from({ length: train.count }, (_, i) => i).filter((i) => !aside.has(i)), validation };
}

/** @param share of the images that goes into validation; at least one image of each class stays on each side */
export function splitTrainValidation(images: ImageFacts, { share, seed }: { share: number; seed: number }): Split {
  const byClass = new Map<number, number[]>();
  images.labels.forEach((label, i) => {
    const list = byClass.get(label);
    if (list) list.push(i);
    else byClass.set(label, [i]);
  });
  const validation: number[] = [];
  for (const [label, indices] of byClass) {
    const count = Math.min(indices.length - 1, Math.max(1, Math.round(indices.length * share)));
    const order = permutation(indices.length, random(seed, "validation", label));
    for (let i = 0; i < count; i++) validation.push(indices[order[i]!]!);
  }
  const chosen = new Set(validation);
  return {
    train: Uint32Array.from({ length: images.count }, (_, i) => i).filter((i) => !chosen.has(i)),
    validation: Uint32Array.from(validation).sort(),
  };
}
