/**
 * The main job on real images, as the commands that you would type: train, search, export, verify, report, into runs/quickstart.
 * Run again, it resumes where it stopped.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const run = "runs/quickstart";
const started = performance.now();

/** Long enough to tell these children apart, and shorter than the default. */
const session = ["--seconds", "8"];

train();
const [biggest, smallest] = ["biggest", "smallest"].map(exported);
const latency = budgetBetween(smallest.certificate.latencyMs, biggest.certificate.latencyMs);
const budgets = ["macs=3M", `latency=${latency}ms`].flatMap((budget) => ["--budget", budget]);
const { children } = JSON.parse(nestling(["search", run, ...budgets, ...session, "--resume", "--json"]));
for (const { path } of children) nestling(["verify", path, "--run", run, ...session]);
nestling(["report", run]);
summary();

function train() {
  nestling([
    ...["train", "--space", "fashion", "--data", "fixtures/fashion-mnist", "--out", run],
    ...["--epochs", "16", "--seed", "0", "--resume"],
  ]);
}

function exported(arch) {
  const path = `${run}/${arch}.onnx`;
  nestling(["export", run, "--arch", arch, "--out", path, ...session]);
  return { budget: arch, path, certificate: JSON.parse(readFileSync(path.replace(".onnx", ".json"), "utf8")) };
}

/** Three quarters of the way between two latencies by ratio, to two digits: a budget that makes sense on whatever machine this is. */
function budgetBetween(fast, slow) {
  // A search that was begun keeps its budget, so that it can resume.
  try {
    const { budgets } = JSON.parse(readFileSync(`${run}/search.json`, "utf8"));
    return /latency=(.*)ms/.exec(budgets.join())[1];
  } catch {
    return Number((fast ** 0.25 * slow ** 0.75).toPrecision(2));
  }
}

function summary() {
  const front = [smallest, ...children, biggest].sort((a, b) => a.certificate.macs - b.certificate.macs);
  const rows = front.map(({ budget, path, certificate: { id, accuracy, macs, latencyMs } }) =>
    [
      `  ${budget.padEnd(16)} ${id.padEnd(3)} ${(macs / 1e6).toFixed(2)} M MACs  ${latencyMs.toFixed(3)} ms`,
      `${(100 * accuracy).toFixed(1)} % of the test images   ${path}`,
    ].join("  "),
  );
  const [cheaper] = children;
  console.log(`
Done in ${((performance.now() - started) / 60_000).toFixed(1)} minutes. Children, each a file of its own, from small to big:
${rows.join("\n")}

In ${run}:
  checkpoint/      the supernet that all of them are cut from
  log.jsonl        training curves
  search.json      every child judged, and the Pareto fronts
  report.html      all of it as one page: open it in a browser

What to type next:
  npx nestling export ${run} --arch random:1 --out child.onnx      any other child
  npx nestling bench ${cheaper?.path ?? smallest.path} ${biggest.path}
  npx nestling train --space fashion --data fashion-mnist --out runs/full     all 60,000 images, 30 minutes`);
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
