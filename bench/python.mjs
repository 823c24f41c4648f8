/** Python for benches: an environment with pinned packages, made on first use, and a worker that answers one JSON line with another. */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { createInterface } from "node:readline";

const run = (command, ...args) => execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });

/** The CPU build of PyTorch lies on its own index. */
const torchIndex = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"];

/**
 * The interpreter of .venv-bench, or of a bench that needs packages of its own; NESTLING_BENCH_PYTHON names one that has them, where nothing
 * can be fetched.
 */
export function python(bench) {
  if (process.env.NESTLING_BENCH_PYTHON) return process.env.NESTLING_BENCH_PYTHON;
  const folder = join(import.meta.dirname, bench ? `../.venv-bench-${bench}` : "../.venv-bench");
  const wanted = join(import.meta.dirname, bench ?? "", "requirements.txt");
  // What the folder was made from, written last: a half-made folder has none.
  const made = join(folder, "requirements.txt");
  const executable = join(folder, "bin/python");
  if (!existsSync(made) || readFileSync(made, "utf8") !== readFileSync(wanted, "utf8")) {
    console.log(`making ${basename(folder)} from ${relative(process.cwd(), wanted)} (once, 1 GB or more)`);
    rmSync(folder, { recursive: true, force: true });
    run(process.env.PYTHON ?? "python3", "-m", "venv", folder);
    const install = [executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted];
    try {
      run(...install); // where a mirror or a wheel folder has it
    } catch {
      run(...install, ...torchIndex);
    }
    copyFileSync(wanted, made);
  }
  return executable;
}

/** Starts a script of this folder; `ask` sends it one request and gives its answer. */
export function startPython(script, bench) {
  const worker = spawn(python(bench), [join(import.meta.dirname, script)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      worker.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      return JSON.parse(value);
    },
    stop: () => worker.stdin.end(),
  };
}
