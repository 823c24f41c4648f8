/** Images as a model takes them: decoded, resized, normalised. */
export interface ImageBlock {
  /** [count, resolution, resolution, channels], normalised. */
  readonly images: Float32Array;
  readonly count: number;
  /** Height = width in pixels. */
  readonly resolution: number;
  /** 1 or 3. */
  readonly channels: number;
}

/** Images as a model takes them, and what they show. */
export interface LabelledBlock extends ImageBlock {
  /** [count], each an index into the data set's classes. */
  readonly labels: ArrayLike<number>;
}
