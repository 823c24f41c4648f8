/**
 * Makes pixels of pictures on all cores: one thread a core, for the whole process. They start with the first picture, and a process
 * with nothing else to do ends although they wait. Which of them decodes a picture does not change its pixels.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { newThread } from "../../base/worker.js";
import { makePixels, type PixelOrder } from "./make-pixels.js";
import type { Picture } from "./picture.js";

/** Its `into` is in shared memory. */
export interface PictureOrder extends PixelOrder {
  readonly id: number;
}

export type PictureAnswer = { readonly id: number } & (
  { readonly whole: Picture | undefined } | { readonly failure: string }
);

/** One picture is decoded while the next is waiting, so that no thread idles. */
const PER_WORKER = 2;
/**
 * Decoded pictures lie outside of V8's heap and go with the small objects that hold them: with the usual 16 MiB and more of young objects
 * hundreds of pictures wait to be collected, and a process's memory rises and falls by tens of megabytes.
 */
const LIMITS = { maxYoungGenerationSizeMb: 2 } as const;

interface Waiting extends PixelOrder {
  readonly resolve: (whole: Picture | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, and memory that it shares with this one for each picture that it may be given: pixels come back without making garbage. */
interface Hand {
  readonly worker: Worker;
  readonly free: SharedArrayBuffer[];
  readonly taken: Map<number, SharedArrayBuffer>;
}

class Crew {
  private readonly waiting = new Map<number, Waiting>();
  private readonly queue: number[] = [];
  private readonly workers: Hand[] = [];
  private next = 0;

  made(order: PixelOrder): Promise<Picture | undefined> {
    if (this.workers.length === 0) this.start();
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { ...order, resolve, reject });
      this.queue.push(id);
      this.handOut();
    });
  }

  private start(): void {
    const script = createRequire(import.meta.url).resolve("#picture-worker");
    for (let i = 0; i < availableParallelism(); i++) {
      const free = Array.from({ length: PER_WORKER }, () => new SharedArrayBuffer(0));
      const own: Hand = {
        worker: newThread(script, { resourceLimits: LIMITS }),
        free,
        taken: new Map(),
      };
      own.worker.on("message", (answer: PictureAnswer) => {
        this.settle(own, answer);
        this.handOut();
      });
      own.worker.on("error", (error: Error) => this.fail(error));
      own.worker.on("exit", (code) => {
        if (this.workers.includes(own)) this.fail(new Error(`internal: a picture thread ended with code ${code}`));
      });
      own.worker.unref();
      this.workers.push(own);
    }
  }

  private handOut(): void {
    for (const own of this.workers) {
      while (own.free.length > 0 && this.queue.length > 0) this.give(own, this.queue.shift()!);
    }
    this.hold();
  }

  private give({ worker, free, taken }: Hand, id: number): void {
    const { resolve: _, reject: __, into, ...order } = this.waiting.get(id)!;
    const memory = free.pop()!;
    const enough = memory.byteLength < into.length ? new SharedArrayBuffer(into.length) : memory;
    taken.set(id, enough);
    worker.postMessage({ id, ...order, into: new Uint8Array(enough, 0, into.length) } satisfies PictureOrder);
  }

  /** The process lives while pictures are waited for. */
  private hold(): void {
    for (const { worker, taken } of this.workers) {
      if (taken.size > 0) worker.ref();
      else worker.unref();
    }
  }

  private settle({ free, taken }: Hand, answer: PictureAnswer): void {
    const asked = this.waiting.get(answer.id);
    const memory = taken.get(answer.id)!;
    this.waiting.delete(answer.id);
    taken.delete(answer.id);
    free.push(memory);
    if ("failure" in answer) return asked?.reject(new Error(answer.failure));
    asked?.into.set(new Uint8Array(memory, 0, asked.into.length));
    asked?.resolve(answer.whole);
  }

  /** All that is waited for fails with one thread; the next picture starts new ones. */
  private fail(error: Error): void {
    for (const { worker } of this.workers.splice(0)) void worker.terminate();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.queue.length = 0;
  }
}

let crew: Crew | undefined;

/** Fewer pictures are decoded before other threads have started. */
const FEW = 200;

/**
 * As `makePixels`, on other threads where it is worth it.
 * @param count of the pictures
 */
export const pixelMaker = (count: number): typeof makePixels =>
  count < FEW ? makePixels : (order) => (crew ??= new Crew()).made(order);
