/** What a server allows its callers. */
export interface ServeLimits {
  /** Bytes of a request's body: 32 MiB by default. */
  readonly bodyBytes: number;
  /** Until a request's body has arrived, in ms: half a minute by default. */
  readonly bodyMs: number;
  /** Requests that are read, wait or are computed at once: 256 by default. */
  readonly waiting: number;
  /** Bytes of their bodies together: 256 MiB by default. */
  readonly waitingBytes: number;
  /** Pixels of a picture: 2²⁵ by default, 33.5 million. */
  readonly picturePixels: number;
  /** Pixels of pictures that are decoded at once: 2²⁶ by default, two of the largest. Others wait. */
  readonly decodedPixels: number;
  /** Images of one run, where the file's batch is free: 32 by default. */
  readonly batchImages: number;
  /** How long the first image waits for others, in ms, while nothing else runs: 1 by default. */
  readonly batchWaitMs: number;
  /** How long requests in flight may take once the server stops, in ms: half a minute by default. */
  readonly stopMs: number;
}

export const defaultServeLimits: ServeLimits = {
  bodyBytes: 32 * 2 ** 20,
  bodyMs: 30_000,
  waiting: 256,
  waitingBytes: 256 * 2 ** 20,
  picturePixels: 2 ** 25,
  decodedPixels: 2 ** 26,
  batchImages: 32,
  batchWaitMs: 1,
  stopMs: 30_000,
};
