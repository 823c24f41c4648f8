import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

/** Opens and runs a session in a process whose home and temporary files lie in a folder of its own; what it leaves there. */
async function leftBehind(): Promise<string[]> {
  const folder = await temporaryFolder();
  const script = `
    const { openSession } = await import(${JSON.stringify(resolve("dist/runtime/session.js"))});
    const { anchor } = await import(${JSON.stringify(resolve("dist/evaluate/anchor.js"))});
    const { bytes, dims } = anchor();
    const session = await openSession(bytes);
    await session.run(new Float32Array(dims.reduce((product, size) => product * size, 1)), dims);
    await session.release();`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      TMPDIR: join(folder, "tmp"),
      XDG_CACHE_HOME: join(folder, "cache"),
    },
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return readdir(folder, { recursive: true });
}

test("onnxruntime keeps no record of its use and has nothing to send", async () => {
  expect(await leftBehind()).toEqual([]);
});
