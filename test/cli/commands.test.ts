/** What every command has in common: --json, --help with an example, --debug; and a space that is shown, saved, and used. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { program } from "../../src/cli/program.js";
import { parseSpace, shippedSpaces } from "../../src/supernet/spaces.js";
import { picture } from "../data/picture-folder.js";
import { runNestling } from "./bad-input.js";
import { tinySpacePath } from "./bad-spaces.js";
import { makeFinishedRun, searchArgs, shortly, trainArgs } from "./finished-run.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-commands-"));
  await makeFinishedRun(folder);
  for (const name of ["train/a/1", "train/b/1", "test/a/2"]) {
    await mkdir(join(folder, "photos", name, ".."), { recursive: true });
    await writeFile(join(folder, "photos", `${name}.png`), await picture([7]));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every command that does something, by its words. */
function leaves(command: Command, words: readonly string[] = []): readonly (readonly string[])[] {
  if (command.commands.length === 0) return [words];
  return command.commands.flatMap((child) => leaves(child, [...words, child.name()]));
}
const commands = leaves(await program()).map((words) => words.join(" "));

/** A call of each that succeeds in `folder`. */
const calls: Readonly<Record<string, readonly string[]>> = {
  init: ["init", "fixtures/fashion-mnist", "--minutes", "1", "--out", "start"],
  "data pack": ["data", "pack", "photos", "--size", "8", "--out", "packed"],
  train: [...trainArgs("run"), "--out", "new"],
  search: [...searchArgs("run"), "--out", "found"],
  export: ["export", "run", "--arch", "smallest", "--out", "a.onnx", "--recalibration-images", "64", ...shortly],
  verify: ["verify", "run/child.onnx", "--run", "run", ...shortly],
  deploy: ["deploy", "run/child.onnx", "--for", "python", "--out", "deployed"],
  bench: ["bench", "run/child.onnx", ...shortly],
  profile: ["profile", "run", "--children", "3", ...shortly],
  "target list": ["target", "list"],
  "target check": ["target", "check", "local:threads=2"],
  report: ["report", "run"],
  doctor: ["doctor"],
  "space show": ["space", "show", tinySpacePath],
  "space check": ["space", "check", tinySpacePath],
  "space count": ["space", "count", tinySpacePath, "--arch", "biggest"],
};

test("every command has a call here, but one that needs the network and three that do not end: test/install, test/cli/agent.test.ts, test/queue/kill.test.ts and test/serve run them", () => {
  expect([...Object.keys(calls), "engine install", "agent", "serve", "worker"].sort()).toEqual([...commands].sort());
});

describe.concurrent.for(Object.entries(calls))("%s", ([, call]) => {
  test("--json prints one JSON object on stdout, all else on stderr", async ({ expect }) => {
    const { status, stdout, stderr } = await runNestling([...call, "--json"], { cwd: folder });
    expect(status, stderr).toBe(0);
    const value = JSON.parse(stdout) as unknown;
    expect(typeof value === "object" && value !== null && !Array.isArray(value)).toBe(true);
    expect(stdout.trimStart().startsWith("{")).toBe(true);
    expect(stderr).not.toMatch(/^\{/m);
  });
});

describe.concurrent.for(commands)("%s", (words) => {
  test("--help says what it does, with an example that starts as one would type it", async ({ expect }) => {
    const { status, stdout, stderr } = await runNestling([...words.split(" "), "--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: nestling ${words}`));
    expect(stdout).toMatch(new RegExp(`Example: (npx )?nestling ${words}|Example: .*nestling ${words}`));
    for (const option of ["--json", "--debug", "--help"]) expect(stdout).toContain(option);
  });
});

test("a mistake under --json is one JSON object with code and problems; with --debug its stack is on stderr", async () => {
  const wrong = ["export", "nowhere", "--arch", "biggest", "--out", "a.onnx"];
  const plain = await runNestling([...wrong, "--json"], { cwd: folder });
  expect(plain.status).toBe(2);
  expect(JSON.parse(plain.stdout)).toMatchObject({
    error: { code: "checkpoint/missing", problems: [{ at: "nowhere/checkpoint/checkpoint.json", got: "missing" }] },
  });
  expect(plain.stderr).not.toContain("    at ");
  const debugged = await runNestling([...wrong, "--debug"], { cwd: folder });
  expect([debugged.status, debugged.stdout]).toEqual([2, ""]);
  expect(debugged.stderr).toMatch(/\n {4}at .*openCheckpoint[^]*caused by Error: ENOENT/);
});

test.each(shippedSpaces)("space show %s --json, saved, is a space file of the same meaning", async (name) => {
  const { stdout } = await runNestling(["space", "show", name, "--json"]);
  const shown = JSON.parse(stdout) as { space: Record<string, unknown>; hash: string; count: string };
  expect(parseSpace(shown.space, "space").hash).toBe(shown.hash);
  await writeFile(join(folder, "my-space.json"), stdout);
  await writeFile(join(folder, "inner.json"), JSON.stringify(shown.space));
  for (const file of ["my-space.json", "inner.json"]) {
    const checked = await runNestling(["space", "check", file, "--json"], { cwd: folder });
    expect(JSON.parse(checked.stdout)).toEqual({ space: name, hash: shown.hash, valid: true });
  }
});

test("a budget that only the smallest child meets: one judged, better than no other, and it has parameters", async () => {
  const call = [...searchArgs("run"), "--budget", "macs=11.5k", "--out", "narrow"];
  const { status, stdout, stderr } = await runNestling(
    call.filter((word, i) => word !== "macs=1M" && call[i + 1] !== "macs=1M"),
    { cwd: folder },
  );
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^Judged 1 of \d+ architectures on 1,000 images in all/);
  expect(stdout).toMatch(/^macs=11\.5k +0 +8 +0\.01 M +840 /m);
  expect(stdout).toContain(
    "macs=11.5k: 0 is the only finalist within it. It is not measurably better than the smallest",
  );
});

test("export --explain says what each step of the compiler did; with --json it is in the object", async () => {
  const call = [...calls["export"]!, "--explain"];
  const { status, stdout, stderr } = await runNestling(call, { cwd: folder });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(
    /^lower\n {2}rewrote \d+: .*\n[^]*recalibration\n[^]*fold-batch-norm\n {2}rewrote \d+: folded into the conv before it/,
  );
  const json = await runNestling([...call, "--json"], { cwd: folder });
  const { report } = JSON.parse(json.stdout) as { report: { name: string }[] };
  expect(report.map(({ name }) => name)).toEqual(["lower", "recalibration", "fold-batch-norm", "fold-hard-sigmoid"]);
});

test("the shipped images are found from every folder", async () => {
  const { status, stderr } = await runNestling(
    ["verify", "run/child.onnx", "--data", "fixtures/fashion-mnist", ...shortly],
    {
      cwd: folder,
    },
  );
  expect(status, stderr).toBe(0);
});
