/**
 * Images of concurrent requests in one run of the session. While nothing runs, the first image waits a moment for others; while something
 * does, all that come are taken together as soon as it ends. Two runs are handed over at once, so that the session never waits for this
 * thread. A request's images may lie in several runs, and a run may have images of many requests.
 */

/** One run: [images, values] in; the same memory and [images, classes] out. */
export type BatchRun = (
  input: Float32Array<ArrayBuffer>,
  images: number,
) => Promise<{ readonly input: Float32Array<ArrayBuffer>; readonly logits: Float32Array }>;

export interface BatcherOptions {
  /** Images of one run at most. */
  readonly most: number;
  /** Numbers of one image. */
  readonly each: number;
  readonly classes: number;
  readonly waitMs: number;
  readonly run: BatchRun;
}

export interface Batcher {
  /** Images that wait for a run. */
  readonly waiting: number;
  /**
   * @param values float32 numbers as bytes, in this machine's order: [images, values of one]
   * @param isGone whether nobody waits for the answer any more; asked before its first image is run
   * @returns [images, classes]
   * @throws Abandoned
   */
  infer(values: Uint8Array, images: number, isGone?: () => boolean): Promise<Float32Array>;
}

/** Nobody waited for the answer, so it was not computed. */
export class Abandoned extends Error {}

interface Request {
  readonly values: Uint8Array;
  readonly images: number;
  readonly logits: Float32Array;
  readonly isGone: () => boolean;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: unknown) => void;
  /** Images that were handed to runs, and those that came back. */
  taken: number;
  done: number;
}

/** Images of a request in a run. */
interface Part {
  readonly request: Request;
  readonly from: number;
  readonly at: number;
  readonly images: number;
}

const RUNS_AT_ONCE = 2;

export function batcher({ most, each, classes, waitMs, run }: BatcherOptions): Batcher {
  const queue: Request[] = [];
  const memory: Float32Array<ArrayBuffer>[] = [];
  let [waiting, running] = [0, 0];
  let timer: NodeJS.Timeout | undefined;

  const dropHead = (): Request => {
    const head = queue.shift()!;
    waiting -= head.images - head.taken;
    return head;
  };

  /** Moves images from the queue into a run's memory. */
  const fill = (input: Float32Array): Part[] => {
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    const perImage = 4 * each;
    const parts: Part[] = [];
    let at = 0;
    while (queue.length > 0 && at < most) {
      const request = queue[0]!;
      if (request.taken === 0 && request.isGone()) {
        dropHead().reject(new Abandoned());
        continue;
      }
      const from = request.taken;
      const images = Math.min(request.images - from, most - at);
      bytes.set(request.values.subarray(from * perImage, (from + images) * perImage), at * perImage);
      parts.push({ request, from, at, images });
      request.taken += images;
      waiting -= images;
      at += images;
      if (request.taken === request.images) queue.shift();
    }
    return parts;
  };

  const start = (): void => {
    clearTimeout(timer);
    timer = undefined;
    while (running < RUNS_AT_ONCE && queue.length > 0) {
      const input = memory.pop() ?? new Float32Array(most * each);
      const parts = fill(input);
      if (parts.length === 0) {
        memory.push(input);
        return;
      }
      running++;
      void finish(input, parts);
    }
  };

  const finish = async (input: Float32Array<ArrayBuffer>, parts: readonly Part[]): Promise<void> => {
    const images = parts.reduce((sum, part) => sum + part.images, 0);
    try {
      const done = await run(input, images);
      memory.push(done.input);
      for (const part of parts) give(part, done.logits);
    } catch (error) {
      for (const { request } of parts) {
        if (queue[0] === request) dropHead();
        request.reject(error);
      }
    }
    running--;
    start();
  };

  const give = ({ request, from, at, images }: Part, logits: Float32Array): void => {
    request.logits.set(logits.subarray(at * classes, (at + images) * classes), from * classes);
    request.done += images;
    if (request.done === request.images) request.resolve(request.logits);
  };

  return {
    get waiting() {
      return waiting;
    },
    infer(values, images, isGone = () => false) {
      return new Promise((resolve, reject) => {
        const logits = new Float32Array(images * classes);
        queue.push({ values, images, logits, isGone, resolve, reject, taken: 0, done: 0 });
        waiting += images;
        if (waiting >= most) start();
        else timer ??= setTimeout(start, waitMs);
      });
    },
  };
}
