/** What a page holds for a target: models and inputs. A page that reloaded has lost them, and gets what is needed again. */
import { sha256Of } from "../../base/hash.js";
import type { ConnectedPage } from "./connected-page.js";
import type { Loaded } from "./protocol.js";

/** A model that is loaded on the page, or will be again. */
export interface PageModel {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface PageModels {
  /** Models that aren't dropped. */
  readonly count: number;
  add(bytes: Uint8Array): PageModel;
  drop(model: PageModel): void;
  load(page: ConnectedPage, model: PageModel): Promise<Loaded>;
  /** Loads those that the page lacks. */
  restore(page: ConnectedPage, models: readonly PageModel[]): Promise<void>;
  /** Frees it on the page, and the inputs after the last. */
  release(page: ConnectedPage, model: PageModel): Promise<void>;
  /** @returns the inputs' names on the page */
  send(page: ConnectedPage, inputs: readonly Float32Array[]): Promise<readonly string[]>;
}

export function pageModels(): PageModels {
  const held = new Set<PageModel>();
  let nextId = 0;
  const models: PageModels = {
    get count() {
      return held.size;
    },
    add(bytes) {
      const model = { id: nextId++, bytes };
      held.add(model);
      return model;
    },
    drop: (model) => void held.delete(model),
    async load(page, { id, bytes }) {
      const { gives } = await page.call("load", { model: id }, { bytes });
      page.models.add(id);
      return gives;
    },
    async restore(page, needed) {
      for (const model of needed) if (!page.models.has(model.id)) await models.load(page, model);
    },
    async release(page, { id }) {
      if (page.models.delete(id)) await page.call("release", { model: id });
      if (held.size > 0) return;
      page.inputs.clear();
      await page.call("forget", null);
    },
    async send(page, inputs) {
      const names: string[] = [];
      for (const input of inputs) {
        const bytes = bytesOf(input);
        const name = sha256Of(bytes);
        names.push(name);
        if (page.inputs.has(name)) continue;
        await page.call("input", { input: name }, { bytes });
        page.inputs.add(name);
      }
      return names;
    },
  };
  return models;
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
