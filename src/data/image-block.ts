/** Images as a model takes them, read a batch at a time: however many there are, few of them are in memory. */
export interface ImageBlock {
  readonly count: number;
  /** Height = width in pixels. */
  readonly resolution: number;
  /** 1 or 3. */
  readonly channels: number;
  /**
   * The images `from` up to `to`, decoded, resized and normalised: [to − from, resolution, resolution, channels].
   * @throws UserError `data/unreadable` where a file has gone meanwhile
   */
  readonly read: (from: number, to: number) => Promise<Float32Array>;
}

/** Images as a model takes them, and what they show. */
export interface LabelledBlock extends ImageBlock {
  /** [count], each an index into the data set's classes. */
  readonly labels: ArrayLike<number>;
}

/** Some of a block's images, one after the other. */
export interface ImageBatch {
  /** Place of the first in its block. */
  readonly from: number;
  readonly count: number;
  /** [count, resolution, resolution, channels] */
  readonly images: Float32Array;
}

/** The first image of each batch of this size, and the end. */
export const batchesOf = (count: number, size: number): number[] =>
  Array.from({ length: Math.ceil(count / size) + 1 }, (_, i) => Math.min(i * size, count));

/**
 * Reads a block's batches, each while the one before it is used.
 * @param bounds the first image of each batch, and the end
 */
export async function* readBatches({ read }: ImageBlock, bounds: readonly number[]): AsyncGenerator<ImageBatch> {
  const readAt = (i: number): Promise<ImageBatch> | undefined => {
    const [from, to] = [bounds[i]!, bounds[i + 1]];
    if (to === undefined) return undefined;
    const batch = read(from, to).then((images) => ({ from, count: to - from, images }));
    // Its failure is thrown where the batch is asked for, if it is.
    batch.catch(() => undefined);
    return batch;
  };
  let coming = readAt(0);
  for (let i = 1; coming; i++) {
    const batch = await coming;
    coming = readAt(i);
    yield batch;
  }
}
