/** The order of the images in an epoch: each once, or as many of every class. It depends on the seed and the epoch alone. */
import { permutation, random } from "../base/random.js";

export type Sampling = "even" | "balanced";

export interface EpochOptions {
  /** even: each image once. balanced: as many of every class, so that the images of small classes are there several times. */
  readonly sampling: Sampling;
  readonly seed: number;
  readonly epoch: number;
}

/**
 * @param images indices of the training images
 * @param labels of all images, by index
 * @returns as many indices as there are training images
 */
export function epochOrder(
  images: Uint32Array,
  labels: ArrayLike<number>,
  { sampling, seed, epoch }: EpochOptions,
): Uint32Array {
  const drawn = sampling === "even" ? images : balanced(images, labels, seed, epoch);
  const order = permutation(images.length, random(seed, "order", epoch));
  return order.map((at) => drawn[at]!);
}

/** Round after round one image of each class: classes differ by one at most, and which have one more changes from epoch to epoch. */
function balanced(images: Uint32Array, labels: ArrayLike<number>, seed: number, epoch: number): Uint32Array {
  const byClass = new Map<number, number[]>();
  for (const index of images) {
    const list = byClass.get(labels[index]!);
    if (list) list.push(index);
    else byClass.set(labels[index]!, [index]);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  const turns = permutation(classes.length, random(seed, "classes", epoch));
  const draws = new Map(classes.map((label) => [label, endlessly(byClass.get(label)!, [seed, "class", epoch, label])]));
  return images.map((_, i) => draws.get(classes[turns[i % classes.length]!]!)!());
}

/** All of a list in random order, then all again in another. */
function endlessly(list: readonly number[], [seed, ...key]: readonly [number, ...(string | number)[]]): () => number {
  let order: Uint32Array = new Uint32Array();
  let [at, pass] = [0, 0];
  return () => {
    if (at === order.length) [order, at] = [permutation(list.length, random(seed, ...key, pass++)), 0];
    return list[order[at++]!]!;
  };
}
