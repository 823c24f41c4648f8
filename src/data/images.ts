/** Images held as bytes, and the pictures that they are made from. */
import type { Normalization } from "./preprocessing.js";

/** Images of one size, as bytes, and their labels. */
export interface Images {
  readonly count: number;
  /** In pixels; all images have one size. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  readonly channels: 1 | 3;
  /** [count, height, width, channels], 0 to 255. */
  readonly pixels: Uint8Array;
  /** [count], each an index into the data set's classes. */
  readonly labels: Uint16Array;
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
  /** SHA-256 over sizes, pixels and labels. */
  readonly fingerprint: string;
  /** Indices into `train` of the images that the source itself sets aside for validation; undefined: a share of them will be. */
  readonly validation?: Uint32Array;
  /** What was found in the source, a line each, for people. The first says how it was understood and what was left out. */
  readonly about: readonly string[];
  /** Pictures left out because they can't be read, by their place in the source. */
  readonly broken: readonly string[];
  /**
   * Pictures of a part, prepared for a resolution from what they are themselves: [indices, resolution, resolution, channels].
   * @throws UserError `data/unreadable` where a file has gone meanwhile
   */
  readonly prepared: (part: "train" | "test", indices: ArrayLike<number>, resolution: number) => Promise<Uint8Array>;
}
