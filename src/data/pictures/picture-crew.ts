/**
 * Makes pixels of pictures on all cores: one thread a core, for the whole process. They start with the first picture, and a process
 * with nothing else to do ends although they wait. Which of them decodes a picture does not change its pixels.
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { makePixels, type MadePixels, type PixelOrder } from "./make-pixels.js";

export interface PictureOrder extends PixelOrder {
  readonly id: number;
}

export type PictureAnswer = { readonly id: number } & (MadePixels | { readonly failure: string });

/** One picture is decoded while the next is waiting, so that no thread idles. */
const PER_WORKER = 2;

interface Waiting {
  readonly resolve: (made: MadePixels) => void;
  readonly reject: (error: Error) => void;
}

class Crew {
  private readonly waiting = new Map<number, Waiting>();
  private readonly queue: PictureOrder[] = [];
  private readonly workers: { readonly worker: Worker; busy: number }[] = [];
  private next = 0;

  made(order: PixelOrder): Promise<MadePixels> {
    if (this.workers.length === 0) this.start();
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.queue.push({ id, ...order });
      this.handOut();
    });
  }

  private start(): void {
    const script = createRequire(import.meta.url).resolve("#picture-worker");
    for (let i = 0; i < availableParallelism(); i++) {
      const own = { worker: new Worker(script), busy: 0 };
      own.worker.on("message", (answer: PictureAnswer) => {
        own.busy--;
        this.settle(answer);
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
      while (own.busy < PER_WORKER && this.queue.length > 0) {
        own.busy++;
        own.worker.postMessage(this.queue.shift());
      }
    }
    this.hold();
  }

  /** The process lives while pictures are waited for. */
  private hold(): void {
    for (const { worker, busy } of this.workers) {
      if (busy > 0) worker.ref();
      else worker.unref();
    }
  }

  private settle(answer: PictureAnswer): void {
    const asked = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("pixels" in answer) asked?.resolve(answer);
    else asked?.reject(new Error(answer.failure));
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
