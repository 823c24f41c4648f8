/** `nestling engine install onnxruntime` where it is there. test/package.test.ts installs it. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

async function install(...args: string[]): Promise<{ status: number | null; found: unknown }> {
  const env = { ...process.env, XDG_DATA_HOME: await temporaryFolder() };
  const command = [main, "engine", "install", "onnxruntime", "--json", ...args];
  const { status, stdout } = spawnSync(process.execPath, command, { env, encoding: "utf8" });
  return { status, found: JSON.parse(stdout) as unknown };
}

test("the one that npm brought is found and tried; nothing is fetched", async () => {
  const folder = resolve("node_modules/onnxruntime-node");
  expect(await install()).toMatchObject({ status: 0, found: { installed: false, version: "1.30.0", folder } });
});

test.for(["--gpu", "--index=http://127.0.0.1:1"])("%s is refused: it has nothing to do with it", async (flag) => {
  expect(await install(flag)).toMatchObject({ status: 2, found: { error: { code: "cli/engine" } } });
});
