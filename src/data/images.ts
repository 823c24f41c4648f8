/** Images wherever their pixels lie: in memory, or in pictures that are decoded when they are asked for. */
import type { RandomParts } from "./augment/random-resized-crop.js";
import type { Picture } from "./pictures/picture.js";
import type { Evaluation, Normalization } from "./preprocessing.js";

/** Images of one size, without their pixels: what they are and what they show. */
export interface ImageFacts {
  readonly count: number;
  /** In pixels; all images have one size. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  readonly channels: 1 | 3;
  /** [count], each an index into the data set's classes. */
  readonly labels: Uint16Array;
}

/** Images, and how to get their pixels. */
export interface Images extends ImageFacts {
  /**
   * Pixels as bytes, 0 to 255: [indices, height, width, channels]; or, prepared from the pictures themselves for a resolution as
   * judgements take them, [indices, resolution, resolution, channels]. They go into an array of this length, where one is given.
   * @throws UserError `data/unreadable` where a file has gone meanwhile
   */
  readonly read: (
    indices: ArrayLike<number>,
    resolution?: number,
    evaluation?: Evaluation,
    into?: Uint8Array,
  ) => Promise<Uint8Array>;
  /**
   * A random part of each whole picture, as a recipe's `randomResizedCrop` asks for: [indices, height, width, channels].
   * It depends on the key and on the image's own index alone. The parts go into an array of this length, where one is given.
   * @throws UserError `data/unreadable` where a file has gone meanwhile
   */
  readonly readParts: (indices: ArrayLike<number>, parts: RandomParts, into?: Uint8Array) => Promise<Uint8Array>;
  /**
   * The whole pictures as they were decoded, where the images are made of pictures that are decoded.
   * @throws UserError `data/unreadable` where a file has gone meanwhile
   */
  readonly readWhole?: (indices: ArrayLike<number>) => Promise<readonly Picture[]>;
  /** [count, height, width, channels], 0 to 255, of data sets that are in memory anyway: IDX and CIFAR files. */
  readonly pixels?: Uint8Array;
}

/** Images whose pixels are in memory. */
export interface PixelImages extends ImageFacts {
  /** [count, height, width, channels], 0 to 255. */
  readonly pixels: Uint8Array;
}

/** Images to train on and images to test on, with their classes and statistics. */
export interface Dataset extends Normalization {
  readonly name: string;
  /** The name of each class, in the order of the labels. */
  readonly classes: readonly string[];
  readonly train: Images;
  /** For final figures only: neither training nor search may look at it. */
  readonly test: Images;
  /** Shape [channels]: mean of pixel / 255 over the training images. */
  readonly mean: readonly number[];
  /** Shape [channels]: standard deviation of pixel / 255 over the training images. */
  readonly std: readonly number[];
  /** What judgements see of a picture; by default all of its middle square. */
  readonly evaluation?: Evaluation;
  /** SHA-256 over sizes, pixels and labels. */
  readonly fingerprint: string;
  /** Indices into `train` of the images that the source itself sets aside for validation; undefined: a share of them will be. */
  readonly validation?: Uint32Array;
  /** What was found in the source, a line each, for people. The first says how it was understood and what was left out. */
  readonly about: readonly string[];
  /** Pictures left out because they can't be read, by their place in the source. */
  readonly broken: readonly string[];
}
