/** Images as a model takes them: decoded, resized, normalised. */
export interface ImageBlock {
  /** [count, resolution, resolution, channels], normalised. */
  readonly images: Float32Array;
  readonly count: number;
  readonly resolution: number;
  readonly channels: number;
}

export interface LabelledBlock extends ImageBlock {
  /** One an image: an index into the data set's classes. */
  readonly labels: ArrayLike<number>;
}
