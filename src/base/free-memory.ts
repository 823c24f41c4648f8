/** How much memory a process may still take: what the machine has, and what a container's limit leaves (cgroups 2 and 1). */
import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { join } from "node:path";

interface Controller {
  /** The line of /proc/self/cgroup that names the process's group, up to the group's path. */
  readonly line: RegExp;
  readonly folder: string;
  readonly limit: string;
  readonly used: string;
  /** In memory.stat: pages of files that are given back when memory is wanted. */
  readonly files: RegExp;
}

const controllers: readonly Controller[] = [
  { line: /^0::(.*)$/m, folder: "", limit: "memory.max", used: "memory.current", files: /^inactive_file (\d+)$/m },
  {
    line: /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m,
    folder: "memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    files: /^total_inactive_file (\d+)$/m,
  },
];

/** @param root where the system describes itself; another for tests */
export async function freeMemory(root = "/"): Promise<number> {
  const groups = await textOf(join(root, "proc/self/cgroup"));
  const limits = controllers.map(async (controller) => {
    const path = controller.line.exec(groups)?.[1] ?? "/";
    const folders = path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"));
    // Groups above have limits too. In a container the path is of the machine outside, and only the root is there.
    return Promise.all(
      ["", ...folders].map((at) => leftIn(join(root, "sys/fs/cgroup", controller.folder, at), controller)),
    );
  });
  return Math.min(freemem(), ...(await Promise.all(limits)).flat());
}

async function leftIn(folder: string, { limit, used, files }: Controller): Promise<number> {
  const [most, now, details] = await Promise.all(
    [limit, used, "memory.stat"].map((name) => textOf(join(folder, name))),
  );
  // "max", or no such file: no limit.
  if (!/^\d+\s*$/.test(most!)) return Infinity;
  const givenBack = Number(files.exec(details!)?.[1] ?? 0);
  return Math.max(0, Number(most) - Math.max(0, Number(now) - givenBack));
}

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
