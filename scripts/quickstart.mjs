/**
 * The main job on real images, as the commands that you would type: train, search, export, verify, report, into runs/quickstart.
 * Run again, it resumes where it stopped.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const run = "runs/quickstart";
const started = performance.now();

train();
const [slow, fast] = ["biggest", "smallest"].map(exported);
const latency = budgetBetween(fast.latencyMs, slow.latencyMs);
const { children } = JSON.parse(
  nestling(["search", run, "--budget", "macs=3M", "--budget", `latency=${latency}ms`, "--resume", "--json"]),
);
for (const { path } of children) nestling(["verify", path, "--run", run]);
nestling(["report", run]);
summary();

function train() {
  nestling([
    ...["train", "--space", "fashion", "--data", "fixtures/fashion-mnist", "--out", run],
    ...["--epochs", "14", "--seed", "0", "--resume"],
  ]);
}

function exported(arch) {
  const out = `${run}/${arch}.onnx`;
  nestling(["export", run, "--arch", arch, "--out", out]);
  return JSON.parse(readFileSync(out.replace(".onnx", ".json"), "utf8"));
}

/** The geometric mean of two latencies, to two digits: a budget that makes sense on whatever machine this is. */
function budgetBetween(fast, slow) {
  // A search that was begun keeps its budget, so that it can resume.
  try {
    const { budgets } = JSON.parse(readFileSync(`${run}/search.json`, "utf8"));
    return /latency=(.*)ms/.exec(budgets.join())[1];
  } catch {
    return Number(Math.sqrt(fast * slow).toPrecision(2));
  }
}

function summary() {
  const rows = [...children.map(({ budget, path, certificate }) => [budget, certificate, path])].map(
    ([budget, { id, accuracy, macs, latencyMs }, path]) =>
      `  ${budget.padEnd(16)} ${id.padEnd(4)} ${(100 * accuracy).toFixed(1)} % on test images, ${(macs / 1e6).toFixed(2)} M MACs, ${latencyMs.toFixed(3)} ms   ${path}`,
  );
  console.log(`
Done in ${((performance.now() - started) / 60_000).toFixed(1)} minutes. In ${run}:
  checkpoint/      the supernet (for scale: biggest child ${(100 * slow.accuracy).toFixed(1)} %, smallest ${(100 * fast.accuracy).toFixed(1)} %)
  log.jsonl        training curves
  search.json      every child judged, and the Pareto fronts
  report.html      all of it as one page: open it in a browser
${rows.join("\n")}

What to type next:
  npx nestling export ${run} --arch random:1 --out child.onnx      any other child
  npx nestling bench ${children[0]?.path ?? `${run}/biggest.onnx`} ${run}/biggest.onnx
  npx nestling train --space fashion --data fashion-mnist --out runs/full --epochs 9     all 60,000 images, 20 minutes`);
}

/** Shows a command, runs it, and returns what it prints; ends where it fails, with its exit code. */
function nestling(args) {
  console.error(`\n$ npx nestling ${args.join(" ")}`);
  const { stdout, status } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], {
    stdio: ["inherit", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (!args.includes("--json")) process.stdout.write(stdout);
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}
