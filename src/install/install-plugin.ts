/** `nestling engine install pjrt`: a PJRT plugin out of PyPI's wheels, checked by a computation in a process of its own. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { arch, platform as system } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../base/user-error.js";
import { siteOf } from "../engine/engines-folder.js";
import { installedPlugin, pluginFolder, pluginWheels, type PjrtPlatform } from "../engine/pjrt/installed.js";
import { probePlugin, type Probe } from "../engine/pjrt/probe-process.js";
import { pluginParts } from "./parts.js";
import { intoPlace } from "./staging.js";
import { fetchWheels, removeDownloads, type FetchedWheels, type WheelOptions } from "./wheels.js";

/** Which plugin to install, and from where. */
export interface PluginInstallOptions extends WheelOptions {
  /** By default what suits this machine: CUDA 13 or 12 by NVIDIA's driver, else the CPU. */
  readonly platform?: PjrtPlatform;
}

/** A plugin that is there. */
export interface InstalledPlugin extends FetchedWheels {
  readonly platform: PjrtPlatform;
  /** The plugin's path. */
  readonly plugin: string;
  /** False where it was there before. */
  readonly installed: boolean;
  /** Its devices, or why it has none now: that is the machine's, not the plugin's. */
  readonly device: { readonly works: boolean; readonly detail: string };
  /** Time of the whole call. */
  readonly seconds: number;
}

/**
 * Installs a PJRT plugin, or finds it (docs/engines.md).
 * @throws UserError `engine/platform`, `engine/network`, `engine/no-wheel`, `engine/hash`, `engine/check`, `file/write`, `file/locked`
 */
export async function installPlugin(options: PluginInstallOptions = {}): Promise<InstalledPlugin> {
  const started = performance.now();
  const { onNote = () => undefined, platform = await suitable() } = options;
  const plugin = installedPlugin(platform);
  const seconds = (): number => (performance.now() - started) / 1000;
  const found = async (note: (line: string) => void): Promise<InstalledPlugin | undefined> => {
    if (!existsSync(plugin)) return undefined;
    const probe = await probePlugin(plugin);
    const nothing = { wheels: [], extractedBytes: 0 };
    if (isInOrder(probe))
      return { platform, plugin, installed: false, device: deviceOf(probe), ...nothing, seconds: seconds() };
    note(`${plugin} doesn't work: ${probe.problem.got ?? probe.problem.want}`);
    return undefined;
  };
  const there = await found(onNote);
  if (there) return there;
  checkPlatform();
  const build = async (staging: string): Promise<InstalledPlugin> => {
    const fetched = await fetchWheels(pluginParts(platform), siteOf(staging), options);
    onNote("checking it by a computation");
    const probe = await probePlugin(join(siteOf(staging), pluginWheels[platform].library));
    if (!isInOrder(probe)) throw checkFailed(platform, probe);
    return { platform, plugin, installed: true, device: deviceOf(probe), ...fetched, seconds: seconds() };
  };
  const result = await intoPlace(pluginFolder(platform), () => found(() => undefined), build);
  await removeDownloads(result);
  return result;
}

type Missing = Extract<Probe, { state: "missing" }>;
type InOrder = Exclude<Probe, Missing> | (Missing & { code: "engine/device" });

/** A plugin that finds no device can still be right. */
const isInOrder = (probe: Probe): probe is InOrder => probe.state === "present" || probe.code === "engine/device";

const deviceOf = (probe: InOrder): InstalledPlugin["device"] =>
  probe.state === "present"
    ? { works: true, detail: probe.description }
    : { works: false, detail: String(probe.problem.got) };

/** The oldest drivers of CUDA 13 and 12. */
const drivers = [
  { platform: "cuda13", major: 580 },
  { platform: "cuda12", major: 525 },
] as const;

async function suitable(): Promise<PjrtPlatform> {
  const query = ["--query-gpu=driver_version", "--format=csv,noheader"];
  const driver = await promisify(execFile)("nvidia-smi", query).then(
    ({ stdout }) => Number.parseInt(stdout, 10),
    () => 0,
  );
  return drivers.find(({ major }) => driver >= major)?.platform ?? "cpu";
}

function checkPlatform(): void {
  if (system() === "linux" && arch() === "x64") return;
  throw new UserError("engine/platform", {
    at: "nestling engine install pjrt",
    got: `run on ${system()} ${arch()}`,
    want: "Linux on x64",
    fix: "Give the path of a plugin for this machine by --engine pjrt:PATH, or use --engine wasm.",
  });
}

const checkFailed = (platform: PjrtPlatform, { problem }: Missing): UserError =>
  new UserError("engine/check", {
    at: `the plugin of ${pluginWheels[platform].project}`,
    got: `not working (${problem.got ?? problem.want})`,
    want: "a convolution's right numbers",
    fix: "Nothing was installed. Use --engine wasm, and tell us what it said.",
  });
