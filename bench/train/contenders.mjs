// Contenders as child processes: asked for one measurement at a time, so that rounds of all of them can be interleaved.
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { python } from "../python.mjs";
import { describeSteps, importFrom, makeTask } from "./net.mjs";

const root = resolve(import.meta.dirname, "../..");

/** Starts a process; `ask` sends it one request and gives its answer. */
async function start(name, command, args, { cwd = root, env = {} } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended`);
    return JSON.parse(value);
  };
  const { ready } = await next();
  return {
    name,
    description: ready,
    async ask(request) {
      child.stdin.write(JSON.stringify(request) + "\n");
      return next();
    },
    close: () => child.stdin.end(),
  };
}

/** Nestling on an engine; `node` is the binary, `checkout` another built checkout to measure against, by its own contender. */
export function startNestling(
  net,
  { name, engine = "wasm", node = process.execPath, checkout = root, precision = "float32" },
) {
  const folder = resolve(checkout);
  // Its own script knows where its modules are, whatever has moved since.
  return start(name, node, [join(folder, "bench/train/contender.mjs"), folder, net, engine, precision], {
    cwd: folder,
  });
}

/** PyTorch with the allocator keeping its memory, which is worth 1.45× to it. @param device "cpu" or "cuda" */
export async function startTorch(net, device, precision) {
  const task = await makeTask(root, net, { execution: "sliced" });
  const { initialize } = await importFrom(root, "supernet/initialize.js");
  const { plan, images } = await describeSteps(root, task);
  const folder = mkdtempSync(join(tmpdir(), "nestling-bench-"));
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  writeFileSync(join(folder, "weights.bin"), initialize(task.layout, task.seed, 1));
  writeFileSync(join(folder, "images.bin"), images);
  return start("torch", python(), [join(import.meta.dirname, "contender.py"), folder, device, precision], {
    env: { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: "100000000000" },
  });
}
