import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TargetDescription } from "../../src/target/kinds.js";
import { describeTarget, openTarget } from "../../src/target/open-target.js";
import { namedTargets } from "../../src/target/targets-file.js";
import { temporaryFolder } from "../temporary-folder.js";

const none = { path: undefined, targets: {} };

test.each<[string, TargetDescription]>([
  ["local", { kind: "local" }],
  ["local:threads=4", { kind: "local", threads: 4 }],
  ["local:provider=cuda:threads=0", { kind: "local", provider: "cuda", threads: 0 }],
  ["adb:R58M12:program=./perf:cores=f0", { kind: "adb", serial: "R58M12", program: "./perf", cores: "f0" }],
  ["http://localhost:8473", { kind: "agent", url: "http://localhost:8473" }],
  ["https://pi.local", { kind: "agent", url: "https://pi.local" }],
  ["https://[fd00::1]:8473:threads=4", { kind: "agent", url: "https://[fd00::1]:8473", threads: 4 }],
])("%s is written out", (text, description) => {
  expect(describeTarget(text, none)).toEqual(description);
});

test.each([
  ["pi", "is pi; want local[:threads=N]"],
  ["", "want local[:threads=N]"],
  ["command", "is command; want local"],
  ["local:threads=many", "target local:threads=many: threads"],
  ["local:threads=", "target local:threads=: threads"],
  ["local:thread=2", "target local:thread=2"],
  ["local:4", 'target local:4 is without a value for "4"; want NAME=VALUE'],
  ["local:threads", 'target local:threads is without a value for "threads"'],
  ["http://pi:8473:threads=1:threads=2", "with threads twice; want each option once"],
  ["local:threads=0x10", "target local:threads=0x10: threads"],
  ["agent", "is agent; want local"],
  ["http://pi:8473:threads=x", "target http://pi:8473:threads=x: threads"],
  ["http://pi:8473:cuda=1", "cuda"],
  ["adb", "serial"],
  ["adb:R58", "program"],
])("%j is refused, with what may be written", (text, message) => {
  expect(() => describeTarget(text, none)).toThrow(message);
});

test("a name comes from the nearest nestling.targets.json, before what may be written out; results have the name", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "nestling.targets.json");
  const targets = {
    board: { kind: "command", run: ["ssh", "board", "bench", "{model}"], reads: "trtexec" },
    four: { kind: "local", threads: 4 },
  };
  await writeFile(path, JSON.stringify({ $schema: "x", targets }));
  await mkdir(join(folder, "a/b"), { recursive: true });
  const named = await namedTargets(join(folder, "a/b"));
  expect(named).toEqual({ path, targets });
  expect(describeTarget("board", named)).toEqual(targets.board);
  expect(() => describeTarget("bord", named)).toThrow(`want board, four, local[:threads=N][:provider=NAME]`);
  const before = process.cwd();
  try {
    process.chdir(folder);
    const four = await openTarget("four", { profiles: false });
    expect([four.name, (await four.environment()).threads]).toEqual(["four", 4]);
    expect((await openTarget("local:threads=1", { profiles: false })).name).toBe("local");
  } finally {
    process.chdir(before);
  }
});

test.each(["local", "browser", "agent", "adb", "command"])(
  "a target may not be named %s: results would say that word of another device",
  async (name) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets: { [name]: { kind: "local" } } }));
    await expect(namedTargets(folder)).rejects.toMatchObject({
      code: "target/file",
      message: expect.stringContaining("another name than a kind of target has") as string,
    });
  },
);

test("an agent's files lie relative to nestling.targets.json; a token that is given takes the place of its own", async () => {
  const folder = await temporaryFolder();
  const pi = { kind: "agent", url: "https://pi:8473", tokenFile: "pi.token", ca: "/etc/pi.pem" };
  await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets: { pi } }));
  await mkdir(join(folder, "a"));
  const { targets } = await namedTargets(join(folder, "a"));
  expect(targets["pi"]).toEqual({ ...pi, tokenFile: join(folder, "pi.token") });
  const before = process.cwd();
  try {
    process.chdir(join(folder, "a"));
    const [own, given] = [await openTarget("pi"), await openTarget("pi", { tokenFile: "another" })];
    await expect(own.environment()).rejects.toThrow(`${join(folder, "pi.token")} is missing`);
    await expect(given.environment()).rejects.toThrow("another is missing");
    expect(own.name).toBe("pi");
  } finally {
    process.chdir(before);
  }
});

test.each([
  ['{"targets": {"pi": {"kind": "agnt"}}}', "targets.pi.kind"],
  ['{"targets": {"pi": {"kind": "local", "thread": 2}}}', "targets.pi"],
  ['{"targets": {"http://x": {"kind": "local"}}}', "a name of letters, digits, . _ - for a key"],
  ['{"targets": {"pi": {"kind": "command", "run": [], "reads": "trtexec"}}}', "targets.pi.run"],
  ['{"targets": {"pi": {"kind": "command", "run": ["x"], "reads": "tflite"}}}', "targets.pi.reads"],
  ["[]", "nestling.targets.json"],
  ["{", "not JSON"],
])("a file %s is refused, with the place", async (text, message) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "nestling.targets.json"), text);
  await expect(namedTargets(folder)).rejects.toMatchObject({
    code: "target/file",
    message: expect.stringContaining(message) as string,
  });
});
