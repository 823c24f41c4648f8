/** Images held as bytes. Everything that makes floats of them is a pure function (make-batch.ts). */

export interface Images {
  readonly count: number;
  /** In pixels; all images have one size. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** [count, height, width, channels] */
  readonly pixels: Uint8Array;
  /** Index into the data set's classes. */
  readonly labels: Uint16Array;
}

export interface Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly train: Images;
  /** For final numbers only: neither training nor search may look at it. */
  readonly test: Images;
  /** Of pixel / 255 over the training images, per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** SHA-256 over sizes, pixels and labels. */
  readonly fingerprint: string;
}
