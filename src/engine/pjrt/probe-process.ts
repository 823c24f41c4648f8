/** Tries a plugin in a separate process: native code that aborts, or waits for ever, ends only that process. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { UserError, type ErrorCode, type Problem } from "../../base/user-error.js";
import { noDevice, unfit } from "./client/plugin-errors.js";

/** A plugin that computes. */
export interface PresentPlugin {
  readonly state: "present";
  readonly platform: string;
  readonly description: string;
  /** Bytes of a device's memory, if it can say. */
  readonly memory?: number | undefined;
  readonly devices: number;
}

export type Probe = PresentPlugin | { readonly state: "missing"; readonly code: ErrorCode; readonly problem: Problem };

/** As JSON carries it from one process to another. */
export const missing = ({ code, problems }: UserError): Probe => ({ state: "missing", code, problem: problems[0]! });

/** CUDA's libraries take seconds to load, and a GPU to be found. */
const PATIENCE_MS = 120_000;

export async function probePlugin(plugin: string): Promise<Probe> {
  const script = createRequire(import.meta.url).resolve("#pjrt-probe");
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, plugin], { timeout: PATIENCE_MS });
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Probe;
  } catch (error) {
    const { code, signal, killed, stderr = "" } = error as Failure;
    // A plugin that waits looks for its device: libtpu asks Google's metadata server.
    if (killed === true) return missing(noDevice(plugin, `not found within ${PATIENCE_MS / 1000} s`));
    const last = stderr.trim().split("\n").at(-1)!.slice(0, MOST_CHARACTERS);
    const how = `ended by ${signal ?? `exit code ${code}`} in a process that tried it${last && `: ${last}`}`;
    return missing(unfit(plugin, how, "a plugin that computes"));
  }
}

interface Failure {
  readonly code?: number | string | null;
  readonly signal?: string | null;
  readonly killed?: boolean;
  readonly stderr?: string;
}

const MOST_CHARACTERS = 300;

/** Plugins that computed when this process asked: it asks several times before a run, and a probe takes seconds. */
const known = new Map<string, PresentPlugin>();

/** @throws UserError `engine/plugin`, `engine/device`, `engine/missing` */
export async function requirePlugin(plugin: string): Promise<PresentPlugin> {
  const probe = known.get(plugin) ?? (await probePlugin(plugin));
  if (probe.state === "present") {
    known.set(plugin, probe);
    return probe;
  }
  throw new UserError(probe.code, probe.problem);
}
