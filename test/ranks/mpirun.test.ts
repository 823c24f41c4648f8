/** `mpirun -np N nestling train`: the number of ranks never changes a byte, a job ends as one, and resumes with any number of ranks. */
import { once } from "node:events";
import { access, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { checkpointBytes, logOf, source, temporaryFolder, tinyRecipeData } from "../train/tiny.js";
import { nestling } from "../cli/nestling.js";
import { main, mpirun, mpirunMissing, needsMpirun, pidOf, startMpirun } from "./mpirun.js";

const space = "fixtures/spaces/tiny.json";

async function recipeIn(folder: string, changes: Record<string, unknown> = {}): Promise<string> {
  const path = join(folder, "recipe.json");
  await writeFile(path, JSON.stringify({ ...tinyRecipeData, sandwich: { random: 1 }, ...changes }));
  return path;
}

const trainArguments = (recipe: string, out: string, ...more: readonly string[]): string[] => {
  const options = ["--space", space, "--data", source, "--recipe", recipe, "--out", out, "--threads", "1"];
  return ["train", ...options, ...more];
};

const program = (...args: Parameters<typeof trainArguments>): string[] => [
  process.execPath,
  main,
  ...trainArguments(...args),
];

const absent = (path: string): Promise<boolean> =>
  access(path).then(
    () => false,
    () => true,
  );

describe.skipIf(mpirunMissing)(`mpirun${needsMpirun}`, () => {
  test.each([2, 3, 4, 6])("gradients of any number of groups sum to the same bits on %i ranks", (ranks) => {
    const { stdout, stderr } = mpirun(ranks, [process.execPath, resolve("test/ranks/sum-program.mjs")]);
    expect(stdout, stderr).toBe(`${ranks} ranks, 90 sums, 0 wrong\n`);
  });

  // 4 norm groups: ranks with one, with some, and without any.
  test("1, 2, 3, 4 and 5 ranks, with 1 and 2 threads, write the files of a run without mpirun", async () => {
    const folder = await temporaryFolder();
    const recipe = await recipeIn(folder);
    const run = (name: string, ...more: readonly string[]): string[] =>
      trainArguments(recipe, join(folder, name), "--steps", "4", ...more);
    const single = nestling(...run("single"));
    expect(single.status, single.stderr).toBe(0);
    const [bytes, log] = [await checkpointBytes(join(folder, "single")), await logOf(join(folder, "single"))];
    for (const [ranks, threads] of [
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 1],
      [5, 1],
    ] as const) {
      const name = `ranks-${ranks}`;
      const { status, stdout, stderr } = mpirun(ranks, [
        process.execPath,
        main,
        ...run(name, "--threads", `${threads}`),
      ]);
      expect(status, stderr).toBe(0);
      expect(stdout.match(/Trained 4 steps/g)).toHaveLength(1);
      expect(stderr.match(/Training tiny/g)).toHaveLength(1);
      expect(await checkpointBytes(join(folder, name)), name).toEqual(bytes);
      expect(await logOf(join(folder, name)), name).toEqual(log);
    }
  });

  test("a job whose rank is killed ends, says so, leaves a whole checkpoint, and resumes with other ranks to the same bytes", async () => {
    const folder = await temporaryFolder();
    const recipe = await recipeIn(folder);
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    const steps = ["--steps", "60", "--resume"];
    expect(nestling(...trainArguments(recipe, whole, ...steps)).status).toBe(0);

    for (const { ranks, victim, after } of [
      { ranks: 2, victim: 1, after: 9 },
      { ranks: 4, victim: 3, after: 21 },
      { ranks: 3, victim: 0, after: 33 },
    ]) {
      const job = startMpirun(ranks, program(recipe, killed, ...steps));
      let said = "";
      job.stderr!.on("data", (text: Buffer) => (said += text.toString()));
      const exit = once(job, "exit");
      const checkpoint = join(killed, "checkpoint");
      const stepOf = (): Promise<number> =>
        openCheckpoint(checkpoint).then(
          ({ position }) => position!.step,
          () => -1,
        );
      while (job.exitCode === null && (await stepOf()) < after) await delay(5);
      process.kill(pidOf(job, victim), "SIGKILL");
      const [code] = (await exit) as [number];
      expect(code, said).not.toBe(0);
      expect(said).toMatch(new RegExp(`rank ${victim} .*exited on signal 9`));
      const left = await stepOf();
      expect(left).toBeGreaterThanOrEqual(after);
      expect(left).toBeLessThan(60);
    }
    const last = mpirun(2, program(recipe, killed, ...steps));
    expect(last.status, last.stderr).toBe(0);
    expect(await checkpointBytes(killed)).toEqual(await checkpointBytes(whole));
    expect(await logOf(killed)).toEqual(await logOf(whole));
    expect(await readdir(join(killed, "checkpoint"))).toHaveLength(3);
  });

  describe("a mistake is said once, ends every rank with exit code 2 and writes nothing", () => {
    const bad: Record<string, (recipe: string, out: string) => [arguments_: string[], message: RegExp]> = {
      "an unknown flag": (recipe, out) => [program(recipe, out, "--bogus"), /unknown option '--bogus'/g],
      "a flag's value": (recipe, out) => [program(recipe, out, "--steps", "0"), /Want a whole number/g],
      "a space that is not there": (recipe, out) => [program(recipe, out, "--space", "nowhere"), /nowhere is missing/g],
      "a batch that doesn't fit": (recipe, out) => [program(recipe, out, "--batch", "12"), /batch is 12; want/g],
      "an option that one rank alone was given": (recipe, out) => {
        const command = program(recipe, out, "--seed").join(" ");
        return [["bash", "-c", `exec ${command} $((OMPI_COMM_WORLD_RANK / 2))`], /an option on .*, rank 2 is another/g];
      },
      "a mistake on the last rank alone": (recipe, out) => {
        const command = program(recipe, out).join(" ");
        const script = `[ $OMPI_COMM_WORLD_RANK = 2 ] && cd test; exec ${command}`;
        return [["bash", "-c", script], /tiny\.json is missing/g];
      },
    };
    test.each(Object.keys(bad))("%s", async (name) => {
      const folder = await temporaryFolder();
      const out = join(folder, "run");
      const [command, message] = bad[name]!(await recipeIn(folder), out);
      const { status, stdout, stderr } = mpirun(3, command);
      expect(status, stderr).toBe(2);
      expect(stdout).toBe("");
      expect(stderr.match(message), stderr).toHaveLength(1);
      expect(await absent(out)).toBe(true);
    });

    test("a run that exists", async () => {
      const folder = await temporaryFolder();
      const out = join(folder, "run");
      const recipe = await recipeIn(folder);
      expect(nestling(...trainArguments(recipe, out, "--steps", "1")).status).toBe(0);
      const before = await checkpointBytes(out);
      const { status, stderr } = mpirun(3, program(recipe, out, "--steps", "1"));
      expect(status, stderr).toBe(2);
      expect(stderr.match(/is a run at step 1; want a new folder/g), stderr).toHaveLength(1);
      expect(await checkpointBytes(out)).toEqual(before);
    });

    test("koffi left out of the installation", async () => {
      const folder = await temporaryFolder();
      const out = join(folder, "run");
      const environment = { NODE_OPTIONS: `--require ${resolve("test/ranks/without-koffi.cjs")}` };
      const { status, stderr } = mpirun(2, program(await recipeIn(folder), out), environment);
      expect(status, stderr).toBe(2);
      expect(stderr).toMatch(/npm package koffi .*; want both on every machine/);
      expect(await absent(out)).toBe(true);
    });
  });

  test("a run that collapses ends every rank with its reason, said by one, and keeps the checkpoint", async () => {
    const folder = await temporaryFolder();
    const out = join(folder, "run");
    const recipe = await recipeIn(folder, { learningRate: { perImage: 1e30, warmupEpochs: 0 } });
    const { status, stderr } = mpirun(3, program(recipe, out, "--steps", "20"));
    expect(status, stderr).toBe(2);
    expect(stderr.match(/The run has collapsed/g), stderr).toHaveLength(1);
    expect(stderr).toMatch(/On .*, rank 0 of 3: step \d+ is a loss of NaN/);
    expect((await openCheckpoint(join(out, "checkpoint"))).position!.step).toBeLessThan(20);
  });
});
