/**
 * `nestling engine install onnxruntime`: onnxruntime-node by npm without its install script, checked by a session in a process of its own.
 * Sessions ask for it, too, where it is missing when the first one is opened.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { UserError } from "../base/user-error.js";
import { fetchPackages, needTool } from "./commands.js";
import {
  locateOnnxruntime,
  ONNXRUNTIME,
  onnxruntimeFolder,
  onnxruntimePackage,
  onnxruntimeWanted,
} from "./onnxruntime-package.js";
import { intoPlace } from "./staging.js";

/** Who hears of what is done. */
export interface OnnxruntimeOptions {
  /** Called with each line of what is being done. */
  readonly onNote?: (line: string) => void;
}

/** onnxruntime-node, where it works on this machine. */
export interface InstalledOnnxruntime {
  /** The package's folder. */
  readonly folder: string;
  readonly version: string;
  /** False where a package that works was there before. */
  readonly installed: boolean;
  /** Time of the whole call. */
  readonly seconds: number;
}

/**
 * Installs onnxruntime-node, or finds one that works. npm leaves it out of an install where its own script fails.
 * @throws UserError `engine/tool`, `engine/build` with what npm said, `engine/check`, `file/write`, `file/locked`
 */
export async function installOnnxruntime({ onNote }: OnnxruntimeOptions = {}): Promise<InstalledOnnxruntime> {
  const started = performance.now();
  const folder = onnxruntimeFolder();
  const outcome = (where: string, installed: boolean): InstalledOnnxruntime => {
    const seconds = (performance.now() - started) / 1000;
    return { folder: where, version: onnxruntimeWanted, installed, seconds };
  };
  const there = await working(onNote);
  if (there !== undefined) return outcome(there, false);
  await needTool("npm");
  const brought = async (): Promise<InstalledOnnxruntime | undefined> => {
    const where = await working();
    return where === undefined ? undefined : outcome(where, false);
  };
  return intoPlace(folder, brought, async (staging) => {
    onNote?.(`fetching ${ONNXRUNTIME} ${onnxruntimeWanted} by npm, without its install script, into ${folder}`);
    await fetchPackages(staging, { [ONNXRUNTIME]: onnxruntimeWanted });
    const reason = await failureOf(onnxruntimePackage(staging));
    if (reason !== undefined) throw checkFailed(`the new ${ONNXRUNTIME} ${onnxruntimeWanted}`, reason);
    return outcome(onnxruntimePackage(folder), true);
  });
}

/** @throws UserError `engine/check` where npm's own doesn't work: another copy wouldn't either */
async function working(onNote?: (line: string) => void): Promise<string | undefined> {
  const folder = locateOnnxruntime();
  if (folder === undefined) return undefined;
  const reason = await failureOf(folder);
  if (reason === undefined) return folder;
  if (folder !== onnxruntimePackage(onnxruntimeFolder())) throw checkFailed(folder, reason);
  onNote?.(`${folder} doesn't work: ${reason}`);
  return undefined;
}

/** Why a session doesn't run by the package in the folder; undefined where it does. A broken library may end its process. */
async function failureOf(folder: string): Promise<string | undefined> {
  const script = createRequire(import.meta.url).resolve("#onnxruntime-check");
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: "1" };
  try {
    await promisify(execFile)(process.execPath, [script, folder], { env });
    return undefined;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    return (stderr.split("\n").find((line) => /error|cannot/i.test(line)) ?? message.split("\n")[0]!).trim();
  }
}

const checkFailed = (at: string, reason: string): UserError =>
  new UserError("engine/check", {
    at,
    got: `not working here (${reason})`,
    want: "a model's right numbers",
    fix: "Nothing was installed. Its builds are for Linux with glibc 2.28 or newer, macOS on ARM, and Windows.",
  });
