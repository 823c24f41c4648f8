/** The page's side of its worker. */
import type { Classified, FromWorker, Ready, ToWorker } from "./messages.js";
import type { Pixels } from "./picture.js";

export interface Classifier {
  /** Rejects where the model can't be loaded. */
  readonly ready: Promise<Ready>;
  /** The worker takes the picture's bytes. */
  classify(picture: Pixels): Promise<Classified>;
}

interface Waiting {
  resolve(classified: Classified): void;
  reject(error: Error): void;
}

export function openClassifier(): Classifier {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  const ready = new Promise<Ready>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message || "its worker did not start"));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("ready" in data) resolve(data.ready);
      else if ("failed" in data) reject(new Error(data.failed));
      else {
        const asked = waiting.get(data.id)!;
        waiting.delete(data.id);
        if ("classified" in data) asked.resolve(data.classified);
        else asked.reject(new Error(data.refused));
      }
    };
  });
  let next = 0;
  return {
    ready,
    classify: (picture) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, picture } satisfies ToWorker, [picture.data.buffer]);
      }),
  };
}
