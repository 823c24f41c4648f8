/**
 * `nestling engine install`: libtensorflow out of PyPI's wheels, the binding of @tensorflow/tfjs-node compiled against it, all checked
 * by a computation. Built in a folder beside its place and renamed into it last: an install is whole or absent.
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { writeError } from "../base/atomic-file.js";
import { download } from "../base/download.js";
import { isRunning } from "../base/running.js";
import { UserError } from "../base/user-error.js";
import { enginesFolder } from "../engine/engines-folder.js";
import {
  installedFolder,
  packageFolder,
  packageOf,
  packageVersion,
  type TensorflowEngine,
} from "../engine/tensorflow/installed.js";
import { locate } from "../engine/tensorflow/locate.js";
import { buildBinding, fetchPackage, siteOf } from "./build.js";
import { checkBuild, type BuildCheck } from "../engine/tensorflow/check.js";
import { needTool } from "./commands.js";
import { networkFix } from "./network.js";
import { defaultIndex, findWheel, type Wheel } from "./package-index.js";
import { wheelParts, type WheelPart } from "./parts.js";
import { unzip } from "./unzip.js";

/** Which library to install, and from where. */
export interface InstallOptions {
  readonly engine: TensorflowEngine;
  /** URL of a package index in pip's simple form; by default pip's own setting, else PyPI. */
  readonly index?: string;
  /** Called with each line of what is being done. */
  readonly onNote?: (line: string) => void;
  /** Called as a wheel arrives, with bytes done and bytes in all. */
  readonly onDownload?: (wheel: string, done: number, total: number | undefined) => void;
}

/** A library that works on this machine. */
export interface Installed extends BuildCheck {
  readonly engine: TensorflowEngine;
  /** The package's folder. */
  readonly folder: string;
  /** False where a build that works was there before. */
  readonly installed: boolean;
  /** The wheels that were fetched; empty where nothing was installed. */
  readonly wheels: readonly { filename: string; bytes: number; sha256: string }[];
  /** Size of what was extracted from the wheels. */
  readonly extractedBytes: number;
  /** Time of the whole call. */
  readonly seconds: number;
}

/**
 * Installs the library of an engine, or finds one that works (docs/engines.md).
 * @throws UserError `engine/platform`, `engine/tool`, `engine/network`, `engine/no-wheel`, `engine/hash`, `engine/build`, `engine/check`,
 * `file/write`
 */
export async function installEngine({
  engine,
  onNote = () => undefined,
  ...options
}: InstallOptions): Promise<Installed> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  for (const main of locate(engine)) {
    const outcome = await checkBuild(engine, main);
    const folder = join(main, "../..");
    if (outcome.kind === "works")
      return { engine, folder, installed: false, ...outcome.check, wheels: [], extractedBytes: 0, seconds: seconds() };
    onNote(`${folder} doesn't work: ${outcome.reason}`);
  }
  checkPlatform(engine);
  await needTool("g++");
  await needTool("npm");
  const folder = installedFolder(engine);
  const staging = `${folder}.building-${process.pid}`;
  try {
    await removeAbandoned();
    await mkdir(siteOf(staging), { recursive: true });
    const index = options.index ?? (await defaultIndex());
    const wheels: Installed["wheels"][number][] = [];
    let extractedBytes = 0;
    for (const part of wheelParts[engine]) {
      const wheel = await findWheel(index, part.project, part.version);
      const { archive, bytes } = await fetchWheel(wheel, options.onDownload);
      onNote(`${wheel.filename}: ${megabytes(bytes)}, SHA-256 right; extracting`);
      for (const extracted of await extract(archive, staging, part)) extractedBytes += extracted.bytes;
      wheels.push({ filename: wheel.filename, bytes, sha256: wheel.sha256 });
    }
    onNote(`${packageOf(engine)}: fetching it without its install script`);
    await fetchPackage(staging, engine);
    onNote("compiling its binding");
    await buildBinding(staging, engine);
    onNote("checking it by a computation");
    const outcome = await checkBuild(engine, join(packageFolder(staging, engine), "dist/index.js"));
    if (outcome.kind === "fails") throw checkFailed(engine, outcome.reason);
    const result = { engine, installed: true, ...outcome.check, wheels, extractedBytes, seconds: seconds() };
    await writeFile(join(staging, "nestling.json"), `${JSON.stringify(result, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    await rm(downloadsFolder(), { recursive: true, force: true });
    return { ...result, folder: packageFolder(folder, engine) };
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const downloadsFolder = (): string => join(enginesFolder(), "downloads");

async function fetchWheel(
  { filename, url, sha256, bytes }: Wheel,
  onDownload: InstallOptions["onDownload"],
): Promise<{ archive: string; bytes: number }> {
  const archive = join(downloadsFolder(), filename);
  await download(archive, {
    url,
    sha256,
    hashed: "sent",
    bytes,
    onBytes: (done, total) => onDownload?.(filename, done, total),
    unreachable: { code: "engine/network", fix: networkFix },
    wrong: {
      code: "engine/hash",
      fix: "It was deleted. Run the command again; if that doesn't help, the mirror is broken: name another by --index.",
    },
  });
  return { archive, bytes: (await stat(archive)).size };
}

async function extract(archive: string, staging: string, { project, wants }: WheelPart) {
  const extracted = await unzip(archive, siteOf(staging), wants);
  if (extracted.length === 0) throw new Error(`internal: ${project}'s wheel has none of the files that are wanted`);
  return extracted;
}

/** Folders of installs that were killed: their process is gone. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(enginesFolder()).catch(() => []);
  for (const name of names) {
    const pid = /\.building-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(enginesFolder(), name), { recursive: true });
  }
}

function checkPlatform(engine: TensorflowEngine): void {
  const machine = arch();
  if (platform() === "linux" && machine === "x64") return;
  throw new UserError("engine/platform", {
    at: "nestling engine install",
    got: `run on ${platform()} ${machine}`,
    want: "Linux on x64",
    fix: `Here the official package is the way: npm install ${packageOf(engine)}@${packageVersion}; or use --engine wasm.`,
  });
}

const checkFailed = (engine: TensorflowEngine, reason: string): UserError =>
  new UserError("engine/check", {
    at: `the new build of ${packageOf(engine)}`,
    got: `not working (${reason})`,
    want: "the wasm engine's logits and gradients",
    fix: "Nothing was installed. Use --engine wasm, and tell us what it said.",
  });
