// A memory limit that the system enforces: a control group of our own, below the one that we are in (cgroups 1 and 2).
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const kinds = [
  { line: /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m, root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
  { line: /^0::(.*)$/m, root: "/sys/fs/cgroup", limit: "memory.max" },
];

/** @returns the group's folder; undefined where the system does not let us make one */
function groupOf(bytes) {
  const own = readFileSync("/proc/self/cgroup", "utf8");
  for (const { line, root, limit } of kinds) {
    const folder = join(root, line.exec(own)?.[1] ?? "/", `nestling-memory-${process.pid}-${bytes}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(folder, limit), `${bytes}`);
      return folder;
    } catch {
      rmdirSync(folder);
    }
  }
  return undefined;
}

/** Runs a script of this folder in a process that may take so many bytes, if any; gives what it prints, as JSON. */
export async function runLimited(script, options, bytes) {
  const group = bytes === undefined ? undefined : groupOf(bytes);
  const command = [process.execPath, join(import.meta.dirname, script), JSON.stringify(options)];
  const [file, ...args] = group
    ? ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, ...command]
    : command;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  const [code, signal] = await new Promise((resolve) => child.on("close", (...ended) => resolve(ended)));
  if (group) rmdirSync(group);
  if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}`);
  return { ...JSON.parse(text), limited: group !== undefined };
}
