/** What times depend on besides the model: without it a latency means nothing. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { onnxruntimeVersion } from "../runtime/session.js";
import { machineState, type MachineState } from "./machine-state.js";

/** What a browser tells of itself and its device. */
export interface BrowserFacts {
  /** For example `Chrome 156`. */
  readonly name: string;
  /** Whether its page is cross-origin isolated; without that it has 1 thread and a coarse clock. */
  readonly isolated: boolean;
  /** Resolution of the page's clock, in ms. */
  readonly clockMs: number;
  /** The GPU, as WebGPU names it. */
  readonly gpu?: string;
  /** Whether the GPU computes in half precision (`shader-f16`). */
  readonly fp16?: boolean;
}

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
  /** Where a page in a browser ran the models. */
  readonly browser?: BrowserFacts;
}

/** In a line, for people. */
export function describeEnvironment(e: Environment): string {
  const cores = e.cores > 0 ? [`${e.cores} core${e.cores > 1 ? "s" : ""}`] : [];
  const threads = e.threads > 0 ? [`${e.threads} thread${e.threads > 1 ? "s" : ""}`] : [];
  const runtime =
    e.onnxruntime === "unknown"
      ? [e.executionProvider]
      : [`onnxruntime ${e.onnxruntime}`, ...(e.browser ? describeBrowser(e, e.browser) : [`Node ${e.node}`])];
  return [e.cpu, ...cores, ...threads, "batch 1", ...runtime].join(", ");
}

function describeBrowser({ executionProvider, os }: Environment, browser: BrowserFacts): string[] {
  const { name, isolated, clockMs, gpu, fp16 } = browser;
  const half = fp16 === true ? " with fp16" : "";
  return [
    executionProvider,
    `${name} on ${os}`,
    ...(gpu === undefined ? [] : [`GPU ${gpu}${half}`]),
    ...(isolated ? [] : [`not cross-origin isolated: 1 thread, a clock of ${clockMs} ms`]),
  ];
}

const watched = [
  "avx2",
  "fma",
  "avx512f",
  "avx512_vnni",
  "avx_vnni",
  "avx512_bf16",
  "amx_tile",
  "asimd",
  "asimddp",
  "sve",
];

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};

/**
 * This machine's environment, for a session with this many threads on this provider.
 * @throws UserError `runtime/onnxruntime` where onnxruntime is missing
 */
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
    onnxruntime: onnxruntimeVersion(),
    executionProvider,
    threads,
    ...(state && { state }),
  };
}
