/**
 * The loss curve of a tiny space on engine wasm, as the command line trains it: printed, or with --write kept as the golden file (npm run
 * golden). Training may change it only with a reason.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const file = "fixtures/golden/loss-curve.json";
const out = mkdtempSync(join(tmpdir(), "nestling-golden-"));
const options = ["--space", "fixtures/spaces/tiny.json", "--data", "fixtures/fashion-mnist", "--engine", "wasm"];
const length = ["--batch", "64", "--steps", "60", "--seed", "3"];
try {
  execFileSync(process.execPath, ["dist/cli/main.js", "train", ...options, ...length, "--out", out], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const lines = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
  const steps = lines.map(({ step, learningRate, gradientNorm, biggest, smallest, random }) => ({
    ...{ step, learningRate, gradientNorm },
    ...{ biggest: biggest.loss, smallest: smallest.loss, random: random.loss },
  }));
  const text = `[\n${steps.map((step) => `  ${JSON.stringify(step)}`).join(",\n")}\n]\n`;
  if (process.argv.includes("--write")) writeFileSync(file, text);
  else console.log(text);
} finally {
  rmSync(out, { recursive: true });
}
