/** Inspects the machine. Only Node is required; where something else is missing, `detail` says how to get it. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";
import { milliseconds } from "../base/format.js";
import { knownIdx } from "../data/binary/known-idx.js";
import { engines } from "../engine/choose.js";
import type { EngineKind } from "../engine/engine-kind.js";
import { listProfiles } from "../evaluate/anchor-profile.js";
import { onnxruntimeHere } from "../runtime/onnxruntime.js";
import { listProviders, onnxruntimeVersion } from "../runtime/session.js";
import { defaultProfiles } from "../target/local.js";

/** One thing that was looked for. */
export interface Finding {
  readonly name: string;
  readonly state: "present" | "missing";
  /** Version and place of what is present; how to get what is missing. */
  readonly detail: string;
}

const NODE_MINIMUM = [20, 19] as const;

/**
 * Inspects Node, cores, GPUs, engines, onnxruntime's providers, latency profiles and data sets. Each engine is tried in its own process.
 */
export async function doctor(): Promise<Finding[]> {
  const [gpu, inspected, data, profiles] = await Promise.all([
    findGpu(),
    Promise.all(engines.map(inspect)),
    findData(),
    findProfiles(),
  ]);
  return [findNode(), findCores(), gpu, ...inspected, ...findRuntime(), ...profiles, ...data];
}

const finding = (name: string, there: boolean, detail: string): Finding => ({
  name,
  state: there ? "present" : "missing",
  detail,
});

function findNode(): Finding {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const right = major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
  const wish = right ? "" : `; nestling needs ${NODE_MINIMUM.join(".")} or newer`;
  return finding("Node", right, `${process.version}${wish}`);
}

const findCores = (): Finding =>
  finding("cores", true, `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB of memory`);

/** NVIDIA's GPUs with their drivers. */
async function findGpu(): Promise<Finding> {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
  const gpus = await promisify(execFile)("nvidia-smi", query).then(
    ({ stdout }) => stdout.trim().split("\n"),
    () => [],
  );
  return finding(
    "NVIDIA GPU",
    gpus.length > 0,
    gpus.join("; ") || "nvidia-smi finds no GPU; nestling does not need one",
  );
}

async function inspect(engine: EngineKind): Promise<Finding> {
  const { works, detail } = await engine.inspect();
  return finding(`engine ${engine.name}`, works, detail);
}

function findRuntime(): Finding[] {
  try {
    if (!onnxruntimeHere()) {
      const how = "it is fetched when a model is first run, or now: `nestling engine install onnxruntime`";
      return [finding("onnxruntime", false, `npm left it out, as it does where its install script fails; ${how}`)];
    }
  } catch (error) {
    return [finding("onnxruntime", false, (error as Error).message)];
  }
  return [
    finding("onnxruntime", true, onnxruntimeVersion()),
    ...listProviders().map(({ name, bundled }) => {
      const detail = bundled ? "in the package" : "not in the package; nestling measures on cpu";
      return finding(`onnxruntime provider ${name}`, bundled, detail);
    }),
  ];
}

/** What earlier sessions of the latency protocol know of this machine. */
async function findProfiles(): Promise<Finding[]> {
  const folder = defaultProfiles();
  const found = await listProfiles(folder);
  if (found.length === 0) {
    return [finding("latency profile", false, `none in ${folder} yet; bench, search, export and verify keep one`)];
  }
  return found.map(({ path, profile: { device, referenceMs, sessions } }) => {
    const { target, cpu, cores, onnxruntime, nodeMajor } = device;
    const latencies = sessions.map(({ anchorMs }) => anchorMs);
    const range = [Math.min(...latencies), Math.max(...latencies)].map(milliseconds).join(" to ");
    const known = `anchor ${milliseconds(referenceMs)}, ${range} in ${sessions.length} session${sessions.length > 1 ? "s" : ""} until ${sessions.at(-1)!.date}`;
    return finding(
      `latency profile ${target}`,
      true,
      `${known}; ${cpu}, ${cores} cores, onnxruntime ${onnxruntime}, Node ${nodeMajor}; ${path}`,
    );
  });
}

/** Data sets that a system package can provide. */
const findData = (): Promise<Finding[]> =>
  Promise.all(
    Object.entries(knownIdx).flatMap(([name, { packaged }]) => {
      if (!packaged) return [];
      const { folder } = packaged;
      const otherwise = `on Debian: apt-get install ${packaged.name}; otherwise it is downloaded at first use`;
      return stat(folder).then(
        () => finding(`data ${name}`, true, folder),
        () => finding(`data ${name}`, false, otherwise),
      );
    }),
  );
