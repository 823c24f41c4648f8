/** The real command line, killed without warning (SIGKILL) and resumed, again and again, ends with the bytes of an undisturbed run. */
import "../engine/pjrt/quick-compile.js";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { EngineName } from "../../src/engine/engine.js";
import { plugins } from "../engine/pjrt/plugins.js";
import { checkpointBytes, logOf, source, temporaryFolder, tinyRecipeData } from "./tiny.js";

interface Run {
  readonly engine: EngineName;
  readonly missing?: string;
  /** A checkpoint after each twentieth of them, a line of the log after each two-hundredth. */
  readonly steps: number;
  readonly kills: number;
}

const plugin = plugins[0]!;
const runs: readonly Run[] = [
  { engine: "wasm", steps: 600, kills: 20 },
  { engine: `pjrt:${plugin.path}`, ...(plugin.missing && { missing: plugin.howToGet }), steps: 400, kills: 6 },
];

function start({ engine, steps }: Run, recipe: string, out: string): ChildProcess {
  const options = ["--space", "fixtures/spaces/tiny.json", "--data", source, "--recipe", recipe, "--out", out];
  const more = ["--engine", engine, "--steps", String(steps), "--threads", "1", "--resume"];
  return spawn(process.execPath, ["dist/cli/main.js", "train", ...options, ...more], { stdio: "ignore" });
}

/** Waits until the run has cut its log back (the file is then another one) and written some lines more, or ended. */
async function linesWritten(child: ChildProcess, log: string, before: number, count: number): Promise<void> {
  let first: number | undefined;
  while (child.exitCode === null) {
    const inode = await stat(log).then(
      ({ ino }) => ino,
      () => before,
    );
    if (inode !== before) {
      const lines = (await readFile(log, "utf8")).split("\n").length;
      first ??= lines;
      if (lines >= first + count) return;
    }
    await delay(1);
  }
}

for (const run of runs) {
  const { engine, missing, kills } = run;
  const title = `killed at ${kills} random moments and resumed, a run on ${engine} ends with the same checkpoint and log`;
  test.skipIf(missing)(`${title}${missing ? `: ${missing}` : ""}`, () => killedRun(run));
}

async function killedRun(run: Run): Promise<void> {
  const { kills } = run;
  const folder = await temporaryFolder();
  const recipe = join(folder, "recipe.json");
  await writeFile(recipe, JSON.stringify({ ...tinyRecipeData, batch: 8, sandwich: { random: 1 } }));
  const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
  const [code] = (await once(start(run, recipe, whole), "exit")) as [number];
  expect(code).toBe(0);

  const draw = random(1, "kills");
  const log = join(killed, "log.jsonl");
  const left: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const before = await stat(log).then(
      ({ ino }) => ino,
      () => 0,
    );
    const child = start(run, recipe, killed);
    const exit = once(child, "exit");
    // Every fourth dies at some moment of its start, the others between two steps, in a step or in a checkpoint.
    if (kill % 4 === 3) await delay(draw.next() * 600);
    else {
      await linesWritten(child, log, before, draw.integer(20));
      await delay(draw.next() * 20);
    }
    child.kill("SIGKILL");
    const [code, signal] = (await exit) as [number | null, string | null];
    // On a busy machine a run may end before its kill comes.
    if (code === 0) break;
    expect(signal, `kill ${kill}, exit code ${code}`).toBe("SIGKILL");
    const state = await readFile(join(killed, "checkpoint", "checkpoint.json"), "utf8");
    left.push((JSON.parse(state) as { training: { step: number } }).training.step);
  }
  // The kills hit a run that was on its way: its checkpoint only ever moved forward.
  expect(left).toEqual(left.toSorted((a, b) => a - b));
  expect(new Set(left).size).toBeGreaterThan(Math.floor(kills / 6));

  expect(await once(start(run, recipe, killed), "exit")).toEqual([0, null]);
  expect(await checkpointBytes(killed)).toEqual(await checkpointBytes(whole));
  expect(await logOf(killed)).toEqual(await logOf(whole));
  expect(await readdir(join(killed, "checkpoint"))).toHaveLength(3);
}
