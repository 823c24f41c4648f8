/** The bookkeeping that every target needs: it releases each model once, and refuses to run a released one. */
import type { LoadedModel } from "./target.js";

export interface LoadedModels {
  /** Number of models not yet released. */
  readonly count: number;
  /** Loads a model with `load`; fails if the target is closed. */
  add(load: () => Promise<Runnable>): Promise<LoadedModel>;
  /** Releases them all. */
  close(): Promise<void>;
}

/** Without `time`, runs are timed one by one. */
type Runnable = Pick<LoadedModel, "loadMs" | "run" | "release"> & Partial<Pick<LoadedModel, "time">>;

/** @param targetName names the target in errors */
export function loadedModels(targetName: string): LoadedModels {
  const loaded = new Set<LoadedModel>();
  let closed = false;
  return {
    get count() {
      return loaded.size;
    },
    async add(load) {
      const refuseClosed = (): void => {
        if (closed) throw new Error(`internal: target ${targetName} is closed`);
      };
      refuseClosed();
      const inner = await load();
      const refuseReleased = (): void => {
        if (!loaded.has(model)) throw new Error(`internal: this model was released on target ${targetName}`);
      };
      const model: LoadedModel = {
        loadMs: inner.loadMs,
        async run(input, dims) {
          refuseReleased();
          return inner.run(input, dims);
        },
        async time(input, dims, runs) {
          refuseReleased();
          if (inner.time) return inner.time(input, dims, runs);
          const times: number[] = [];
          for (let i = 0; i < runs; i++) times.push((await model.run(input, dims)).ms);
          return times;
        },
        async release() {
          if (loaded.delete(model)) await inner.release();
        },
      };
      loaded.add(model);
      if (closed) await model.release();
      refuseClosed();
      return model;
    },
    async close() {
      closed = true;
      for (const model of loaded) await model.release();
    },
  };
}
