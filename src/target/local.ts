/** The target `local`: onnxruntime-node on this machine. */
import { join } from "node:path";
import { cacheFolder } from "../base/user-folders.js";
import { UserError } from "../base/user-error.js";
import { onnxruntime, onnxruntimeHere, type Onnxruntime } from "../runtime/onnxruntime.js";
import { openSession } from "../runtime/session.js";
import { environmentHere } from "./environment.js";
import { loadedModels } from "./loaded-models.js";
import { placementOf } from "./placement.js";
import { profiledNodes } from "../runtime/profiled-nodes.js";
import { runFailed } from "./run-failed.js";
import { runRounds } from "./run-rounds.js";
import type { Target } from "./target.js";

/** How onnxruntime runs on this machine. */
export interface LocalOptions {
  /** onnxruntime's intra-op threads: 1 by default, 0 for all cores. */
  readonly threads?: number | undefined;
  /** onnxruntime's execution provider: `cpu` by default. */
  readonly provider?: string | undefined;
  /** `all` (the default) as in production; `disabled` runs the nodes of a file one by one as written. */
  readonly optimization?: "all" | "disabled";
  /** Its name in results; by default `local` with what differs from the defaults. */
  readonly name?: string | undefined;
  /** Folder of the latency profiles of this machine; by default in the user's cache. false: none is read or written. */
  readonly profiles?: string | false;
}

/** In the user's cache. */
export const defaultProfiles = (): string => join(cacheFolder(), "latency");

const defaults = { threads: 1, provider: "cpu", optimization: "all" } as const;

/**
 * This machine. Its name lists what differs from the defaults: `local`, `local:threads=4`.
 * @throws UserError `target/provider` if this build of onnxruntime lacks the provider, from its methods where that is still to be fetched; from `load`: `runtime/model`, from a run: `target/run`, and
 * `runtime/onnxruntime` where onnxruntime is missing and can't be fetched
 */
export function localTarget(options: LocalOptions = {}): Target {
  const { threads = defaults.threads, provider = defaults.provider, optimization = defaults.optimization } = options;
  const { profiles = defaultProfiles() } = options;
  const here = onnxruntimeHere();
  if (here) refuseUnknown(provider, here);
  // Where it is missing, it is fetched when it is first needed.
  const fetched = async (): Promise<void> => refuseUnknown(provider, await onnxruntime());
  const special = Object.entries({ threads, provider, optimization }).filter(
    ([key, value]) => value !== defaults[key as keyof typeof defaults],
  );
  const name = options.name ?? ["local", ...special.map(([key, value]) => `${key}=${value}`)].join(":");
  const models = loadedModels(name);
  const target: Target = {
    name,
    profiles: profiles === false ? undefined : profiles,
    get nowMs() {
      return performance.now();
    },
    async environment() {
      await fetched();
      return environmentHere(threads, provider);
    },
    load: (bytes) =>
      models.add(async () => {
        // Only the model's loading counts.
        await fetched();
        const began = performance.now();
        const session = await openSession(bytes, { threads, provider, optimization });
        return {
          loadMs: performance.now() - began,
          async run(input, dims) {
            const start = process.hrtime.bigint();
            const outputs = await session.run(input, dims).catch((error: unknown) => {
              throw runFailed(error as Error);
            });
            return { outputs, ms: Number(process.hrtime.bigint() - start) / 1e6 };
          },
          release: () => session.release(),
        };
      }),
    rounds: (stretch) => runRounds(stretch, target),
    async placementOf(bytes, dims) {
      if (provider === "cpu") return undefined;
      return placementOf(await profiledNodes(bytes, dims, { threads, provider, optimization }));
    },
    close: () => models.close(),
  };
  return target;
}

function refuseUnknown(provider: string, runtime: Onnxruntime): void {
  const known = runtime.listSupportedBackends().map(({ name }) => name);
  if (known.includes(provider)) return;
  throw new UserError("target/provider", {
    at: "provider",
    got: provider,
    want: `one of ${known.join(", ")}`,
    fix: "`nestling doctor` lists the execution providers of this machine.",
  });
}

/** Passes the given target to `use`, or else this machine, which it closes afterwards. */
export async function withTarget<T>(given: Target | undefined, use: (target: Target) => Promise<T>): Promise<T> {
  if (given) return use(given);
  const here = localTarget();
  try {
    return await use(here);
  } finally {
    await here.close();
  }
}
