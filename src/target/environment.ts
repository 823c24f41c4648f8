/** What times depend on besides the model: without it a latency means nothing. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { onnxruntimeVersion } from "../runtime/session.js";
import { machineState, type MachineState } from "./machine-state.js";

/** The machine and the software that a latency was measured on. */
export interface Environment {
  /** The processor's name. */
  readonly cpu: string;
  /** Cores that the process may use; 0 where that isn't known. */
  readonly cores: number;
  /** The vector extensions that onnxruntime's kernels choose by. */
  readonly cpuFlags: readonly string[];
  /** What sets the clock rate: Linux's `performance`, `schedutil` and so on, or `unknown`. */
  readonly governor: string;
  /** Memory of the machine, in GiB. */
  readonly memoryGiB: number;
  /** Name, version and machine, for example `linux 6.1.0 x64`. */
  readonly os: string;
  /** Version of Node. */
  readonly node: string;
  /** Version of onnxruntime. */
  readonly onnxruntime: string;
  /** onnxruntime's execution provider, for example `cpu`. */
  readonly executionProvider: string;
  /** Intra-op threads of onnxruntime; 0 for all cores, or where a program decides. */
  readonly threads: number;
  /** Clock, temperature and throttling, where the system shows them. */
  readonly state?: MachineState;
}

/** In a line, for people. */
export function describeEnvironment(e: Environment): string {
  const cores = e.cores > 0 ? [`${e.cores} core${e.cores > 1 ? "s" : ""}`] : [];
  const threads = e.threads > 0 ? [`${e.threads} thread${e.threads > 1 ? "s" : ""}`] : [];
  const runtime =
    e.onnxruntime === "unknown" ? [e.executionProvider] : [`onnxruntime ${e.onnxruntime}`, `Node ${e.node}`];
  return [e.cpu, ...cores, ...threads, "batch 1", ...runtime].join(", ");
}

const watched = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "asimddp", "sve"];

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};

/** This machine's environment, for a session with this many threads on this provider. */
export function environmentHere(threads = 1, executionProvider = "cpu"): Environment {
  const info = readText("/proc/cpuinfo");
  const state = machineState();
  const flags = new Set((/^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? "").trim().split(" "));
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    cpuFlags: watched.filter((flag) => flags.has(flag)),
    governor: readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") || "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: onnxruntimeVersion,
    executionProvider,
    threads,
    ...(state && { state }),
  };
}
