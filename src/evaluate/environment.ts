/** Where a latency was measured: without this a number means nothing. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { onnxruntimeVersion } from "../runtime/session.js";

export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  /** The vector extensions that onnxruntime's kernels choose by. */
  readonly cpuFlags: readonly string[];
  readonly governor: string;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly executionProvider: "cpu";
  readonly threads: number;
}

const watched = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "asimddp", "sve"];

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};

export function environment(threads: number): Environment {
  const info = readText("/proc/cpuinfo");
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
    executionProvider: "cpu",
    threads,
  };
}
