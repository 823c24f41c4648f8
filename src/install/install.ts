/**
 * `nestling engine install`: libtensorflow out of PyPI's wheels, the binding of @tensorflow/tfjs-node compiled against it, all checked
 * by a computation.
 */
import { arch, platform } from "node:os";
import { join } from "node:path";
import { UserError } from "../base/user-error.js";
import { siteOf } from "../engine/engines-folder.js";
import { checkBuild, type BuildCheck } from "../engine/tensorflow/check.js";
import {
  installedFolder,
  packageFolder,
  packageOf,
  packageVersion,
  type TensorflowEngine,
} from "../engine/tensorflow/installed.js";
import { locate } from "../engine/tensorflow/locate.js";
import { buildBinding } from "./build.js";
import { fetchPackages, needTool } from "./commands.js";
import { wheelParts } from "./parts.js";
import { intoPlace } from "./staging.js";
import { fetchWheels, removeDownloads, type FetchedWheels, type WheelOptions } from "./wheels.js";

/** Which library to install, and from where. */
export interface InstallOptions extends WheelOptions {
  readonly engine: TensorflowEngine;
}

/** A library that works on this machine. */
export interface Installed extends BuildCheck, FetchedWheels {
  readonly engine: TensorflowEngine;
  /** The package's folder. */
  readonly folder: string;
  /** False where a build that works was there before. */
  readonly installed: boolean;
  /** Time of the whole call. */
  readonly seconds: number;
}

/**
 * Installs the library of an engine, or finds one that works (docs/engines.md).
 * @throws UserError `engine/platform`, `engine/tool`, `engine/network`, `engine/no-wheel`, `engine/hash`, `engine/build`, `engine/check`,
 * `file/write`, `file/locked`
 */
export async function installEngine({ engine, ...options }: InstallOptions): Promise<Installed> {
  const { onNote = () => undefined } = options;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const found = async (note: (line: string) => void): Promise<Installed | undefined> => {
    for (const main of locate(engine)) {
      const outcome = await checkBuild(engine, main);
      const folder = join(main, "../..");
      const nothing = { wheels: [], extractedBytes: 0 };
      if (outcome.kind === "works")
        return { engine, folder, installed: false, ...outcome.check, ...nothing, seconds: seconds() };
      note(`${folder} doesn't work: ${outcome.reason}`);
    }
    return undefined;
  };
  const there = await found(onNote);
  if (there) return there;
  checkPlatform(engine);
  await needTool("g++");
  await needTool("npm");
  const place = installedFolder(engine);
  const folder = packageFolder(place, engine);
  const build = async (staging: string): Promise<Installed> => {
    const fetched = await fetchWheels(wheelParts[engine], siteOf(staging), options);
    onNote(`${packageOf(engine)}: fetching it without its install script`);
    await fetchPackages(staging, { [packageOf(engine)]: packageVersion, "node-api-headers": "1.9.0" });
    onNote("compiling its binding");
    await buildBinding(staging, engine);
    onNote("checking it by a computation");
    const outcome = await checkBuild(engine, join(packageFolder(staging, engine), "dist/index.js"));
    if (outcome.kind === "fails") throw checkFailed(engine, outcome.reason);
    return { engine, folder, installed: true, ...outcome.check, ...fetched, seconds: seconds() };
  };
  const result = await intoPlace(place, () => found(() => undefined), build);
  await removeDownloads(result);
  return result;
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
