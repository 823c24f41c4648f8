/**
 * `nestling engine install` for real: the network, 274 MB, a compiler. Killed twice on its way, then it resumes and ends whole.
 * Asked for by NESTLING_TEST_INSTALL=1 (.ci/run sets it).
 */
import { spawn, spawnSync } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { serve } from "../server.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
const environment = (data: string) => ({ ...process.env, XDG_DATA_HOME: data });

/** Runs it until `when` holds of its notes so far, and kills it there with no chance to clean up. */
const killWhen = (data: string, when: (notes: string) => Promise<boolean> | boolean): Promise<void> =>
  new Promise((done, failed) => {
    const child = spawn(process.execPath, [main, "engine", "install"], { env: environment(data) });
    let notes = "";
    child.stderr.on("data", (chunk: Buffer) => (notes += chunk.toString()));
    const watch = setInterval(() => {
      void Promise.resolve(when(notes)).then((now) => now && child.kill("SIGKILL"));
    }, 20);
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (signal === "SIGKILL") done();
      else failed(new Error(`ended with ${code} before it was killed: ${notes}`));
    });
  });

async function partialBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const partial = names.find((name) => name.endsWith(".partial"));
  return partial === undefined ? 0 : (await stat(join(folder, partial))).size;
}

test.skipIf(process.env["NESTLING_TEST_INSTALL"] !== "1")(
  "killed while it downloads and while it compiles, then run again: whole (NESTLING_TEST_INSTALL=1 runs it)",
  { timeout: 600_000 },
  async () => {
    const data = await temporaryFolder();
    const engines = (): Promise<string[]> => readdir(join(data, "nestling/engines"));
    const downloads = join(data, "nestling/engines/downloads");
    await killWhen(data, async () => (await partialBytes(downloads)) > 20e6);
    expect(await partialBytes(downloads)).toBeGreaterThan(20e6);
    expect((await engines()).filter((name) => !/^downloads$|\.building-|\.lock$/.test(name))).toEqual([]);
    await killWhen(data, (notes) => notes.includes("compiling"));
    const names = await engines();
    expect(names.filter((name) => !/^downloads$|\.building-|\.lock$/.test(name))).toEqual([]);
    // The first one's folder was cleared away by the second.
    expect(names.filter((name) => name.includes(".building-"))).toHaveLength(1);

    const install = (...args: string[]) =>
      spawnSync(process.execPath, [main, "engine", "install", "--json", ...args], {
        env: environment(data),
        encoding: "utf8",
      });
    const third = install();
    expect(third.status, third.stderr).toBe(0);
    expect(third.stderr).not.toContain("download ");
    const result = JSON.parse(third.stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ engine: "node", installed: true, version: "2.21.0", gpu: false });
    expect(result["difference"]).toBeLessThan(1e-4);
    expect(await engines()).toEqual(["node-4.22.0-tf2.21.0"]);

    // There and working: nothing is fetched, and no index is asked.
    const fourth = install("--index", "http://127.0.0.1:1");
    expect(JSON.parse(fourth.stdout)).toMatchObject({ installed: false, version: "2.21.0" });
  },
);

test("an index whose wheel has another hash: refused, exit code 2, nothing installed", async () => {
  const data = await temporaryFolder();
  const filename = "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl";
  const files = [{ filename, url: "/wheel", size: 9, hashes: { sha256: "0".repeat(64) } }];
  const index = await serve((request, response) => {
    if (request.url === "/wheel") response.end("not right");
    else response.setHeader("content-type", "application/json").end(JSON.stringify({ files }));
  });
  const child = spawn(process.execPath, [main, "engine", "install", "--json", "--index", index], {
    env: environment(data),
  });
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (chunk: Buffer) => (text[stream] += chunk.toString()));
  const status = await new Promise((done) => child.on("close", done));
  expect(status, text.stderr).toBe(2);
  expect(JSON.parse(text.stdout)).toMatchObject({ error: { code: "engine/hash" } });
  expect(await readdir(join(data, "nestling/engines"))).toEqual(["downloads"]);
  expect(await readdir(join(data, "nestling/engines/downloads"))).toEqual([]);
});

test("without a compiler: what to install, exit code 2, before anything is fetched", async () => {
  const data = await temporaryFolder();
  const { status, stderr } = spawnSync(process.execPath, [main, "engine", "install", "--index", "http://127.0.0.1:1"], {
    env: { ...environment(data), PATH: data },
    encoding: "utf8",
  });
  expect(status, stderr).toBe(2);
  expect(stderr).toContain("apt-get install g++");
});
