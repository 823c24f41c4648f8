import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createEngine, engines, parseEngine } from "../../../src/engine/choose.js";
import { pjrtBy } from "../../../src/engine/pjrt/kind.js";
import { tinySpacePath } from "../../cli/bad-spaces.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { compilerMissing, makePlugin, noCompiler } from "./made-plugin.js";
import { described, plugins } from "./plugins.js";

afterEach(() => vi.unstubAllEnvs());

test("a plugin's path is taken from the working folder; what is no engine is refused", () => {
  expect(parseEngine("pjrt")).toBe("pjrt");
  expect(parseEngine("pjrt:a/b.so")).toBe(`pjrt:${resolve("a/b.so")}`);
  expect(parseEngine("pjrt:/a:b.so")).toBe("pjrt:/a:b.so");
  for (const name of ["pjrt:", "pjrtx", "pjrt=cpu", "tpu"]) {
    expect(() => parseEngine(name)).toThrow(
      `--engine is ${name}; want wasm or node or node-gpu or webgpu or pjrt or pjrt:PATH`,
    );
  }
});

test("without a plugin: what to do", async () => {
  vi.stubEnv("XDG_DATA_HOME", await temporaryFolder());
  await expect(createEngine("pjrt")).rejects.toThrow("--engine pjrt is without a plugin; want one that is installed");
  const kind = engines.find(({ name }) => name === "pjrt")!;
  expect(await kind.inspect()).toEqual({ works: false, detail: "to install it: nestling engine install pjrt" });
});

test.skipIf(noCompiler)(
  `a plugin that aborts, and one without a device: errors, not a crash${compilerMissing}`,
  async () => {
    const folder = await temporaryFolder();
    const abrupt = makePlugin(folder, "abrupt", { first: "abort();" });
    await expect(createEngine(`pjrt:${abrupt}`)).rejects.toThrow(
      "abrupt.so is ended by SIGABRT in a process that tried it",
    );
    const idle = makePlugin(folder, "idle", {});
    await expect(createEngine(`pjrt:${idle}`)).rejects.toThrow(`the device of ${idle} is none; want a device`);
    expect(await pjrtBy(`pjrt:${idle}`).inspect()).toMatchObject({
      works: false,
      detail: expect.stringContaining("none; Check its driver") as string,
    });
  },
);

describe.each(plugins)("$name", ({ path, missing }) => {
  test.skipIf(missing)("the main thread describes it, and leaves the device alone", async () => {
    const engine = await createEngine(`pjrt:${path}`);
    expect(engine).toMatchObject({
      name: `pjrt:${path}`,
      description: expect.stringMatching(RegExp(`^pjrt \\(${described}\\)$`)) as string,
    });
    expect(readFileSync("/proc/self/maps", "utf8")).not.toContain(basename(path));
    engine.dispose();
    const { works, detail } = await pjrtBy(`pjrt:${path}`).inspect();
    expect({ works, detail }).toEqual({
      works: true,
      detail: expect.stringMatching(RegExp(`^${described}; .*\\.so$`)) as string,
    });
  });

  test.skipIf(missing)("nestling train --engine pjrt:PATH trains, by a relative path, too", async () => {
    const data = ["--space", tinySpacePath, "--data", resolve("fixtures/fashion-mnist"), "--batch", "32"];
    const out = ["--out", join(await temporaryFolder(), "run"), "--json"];
    const trained = execFileSync(
      process.execPath,
      [resolve("dist/cli/main.js"), "train", ...data, ...out, "--steps", "2", "--engine", `pjrt:${basename(path)}`],
      { cwd: dirname(path), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );
    const engine = expect.stringMatching(RegExp(`^pjrt \\(${described}\\)$`)) as string;
    expect(JSON.parse(trained)).toMatchObject({ steps: 2, engine });
  });
});

test("nestling train --engine with a plugin that isn't there: exit code 2, before anything is written", async () => {
  const folder = await temporaryFolder();
  const args = ["--space", tinySpacePath, "--data", resolve("fixtures/fashion-mnist"), "--out", join(folder, "run")];
  const { status, stderr } = spawnSync(
    process.execPath,
    [resolve("dist/cli/main.js"), "train", ...args, "--engine", "pjrt:no.so"],
    { encoding: "utf8" },
  );
  expect({ status, stderr }).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("no.so is no file") as string,
  });
});
