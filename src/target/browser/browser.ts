/** The target `browser`: a page on any phone or laptop, by onnxruntime-web. docs/browser.md says what its figures mean. */
import { UserError } from "../../base/user-error.js";
import { decodeOutputs } from "../agent/outputs.js";
import type { Environment } from "../environment.js";
import { loadedModels } from "../loaded-models.js";
import { runFailed } from "../run-failed.js";
import type { LoadedModel, Target } from "../target.js";
import type { BrowserTargetOptions } from "./browser-options.js";
import { PageFailure } from "./connected-page.js";
import { pageAsker } from "./page-asker.js";
import { bytesOf, pageModels, type PageModel } from "./page-models.js";
import { pageStretch } from "./page-stretch.js";
import type { BrowserProvider, PageFacts } from "./protocol.js";

/** Timed in parts, so that a page may reload between them. */
const MOST_RUNS = 100;

/**
 * Serves a page and drives it. Targets of one process that name the same host and port share server and page, one after the other.
 * @throws UserError from its methods: `target/onnxruntime-web`, `target/listen`, `target/certificate`, `target/browser`, `target/away`,
 *   `target/run`, `runtime/model`
 */
export function browserTarget(options: BrowserTargetOptions): Target {
  const { provider = "wasm", threads = 1 } = options;
  const special = { ...(provider !== "wasm" && { provider }), ...(threads !== 1 && { threads }) };
  const name =
    options.name ?? ["browser", ...Object.entries(special).map(([key, value]) => `${key}=${value}`)].join(":");
  const models = loadedModels(name);
  const ofLoaded = new WeakMap<LoadedModel, PageModel>();
  const held = pageModels();
  const pages = pageAsker({ ...options, name, provider, threads, isFree: () => held.count === 0 });
  const run: typeof pages.ask = (use, signal) =>
    pages.ask(use, signal).catch((error: unknown) => {
      throw error instanceof PageFailure ? runFailed(error) : error;
    });
  return {
    name,
    profiles: options.profiles,
    get nowMs() {
      return pages.nowMs;
    },
    environment: () => pages.ask(async () => environmentOf(pages.facts!, provider)),
    async load(bytes) {
      let model: PageModel;
      const loaded = await models.add(async () => {
        model = held.add(bytes);
        const { loadMs } = await pages
          .ask((page) => held.load(page, model))
          .catch((error: unknown) => {
            held.drop(model);
            throw error instanceof PageFailure ? refused(error) : error;
          });
        return {
          loadMs,
          run: (input, dims) =>
            run(async (page) => {
              await held.restore(page, [model]);
              const { bytes } = await page.call("run", { model: model.id, dims }, { bytes: bytesOf(input) });
              return decodeOutputs(bytes);
            }),
          async time(input, dims, runs) {
            const times: number[] = [];
            while (times.length < runs) {
              const part = Math.min(MOST_RUNS, runs - times.length);
              const answer = await run(async (page) => {
                await held.restore(page, [model]);
                const [of] = await held.send(page, [input]);
                return page.call("time", { model: model.id, dims, input: of!, runs: part });
              });
              times.push(...answer.gives.times);
            }
            return times;
          },
          async release() {
            held.drop(model);
            await pages.askPresent((page) => held.release(page, model));
          },
        };
      });
      ofLoaded.set(loaded, model!);
      return loaded;
    },
    async rounds(stretch) {
      const contestants = stretch.visits.map(({ model }) => ofLoaded.get(model)!);
      const { rounds, rest } = pageStretch(held, contestants, stretch);
      await run(rest, stretch.signal);
      stretch.signal?.throwIfAborted();
      return rounds;
    },
    async placementOf(bytes) {
      // What wasm runs, the CPU runs.
      if (provider === "wasm") return undefined;
      const { gives } = await pages.ask((page) => page.call("placement", null, { bytes }));
      return gives.placement ?? undefined;
    },
    async close() {
      pages.stop();
      await models.close();
      await pages.close();
    },
  };
}

const environmentOf = ({ browser, ...facts }: PageFacts, executionProvider: BrowserProvider): Environment => ({
  ...facts,
  cpuFlags: [],
  governor: "unknown",
  node: process.version,
  executionProvider,
  browser,
});

const refused = (cause: PageFailure): UserError =>
  new UserError(
    "runtime/model",
    {
      at: "model",
      got: `refused by onnxruntime-web (${cause.message.split("\n")[0] ?? ""})`,
      want: "an ONNX model that onnxruntime-web can load",
      fix: "The file is damaged, newer than this onnxruntime-web, or larger than the page's memory.",
    },
    { cause },
  );
