/** bench/results.jsonl: a row for every run, with what is needed to compare it: date, commit, machine, versions. */
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const installed = (name) => JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;

/** @param {object} row `bench` names it; `versions` adds to Node's and onnxruntime's */
export function appendResult({ bench, versions, ...figures }) {
  const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
  const row = {
    bench,
    date: new Date().toISOString(),
    commit: git("rev-parse", "--short", "HEAD") + (changed ? "+changes" : ""),
    machine: {
      cpu: cpus()[0]?.model.trim(),
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      os: `${platform()} ${release()}`,
      load: loadavg()[0],
    },
    versions: { node: process.version, onnxruntime: installed("onnxruntime-node"), ...versions },
    ...figures,
  };
  appendFileSync(join(root, "bench/results.jsonl"), `${JSON.stringify(row)}\n`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
