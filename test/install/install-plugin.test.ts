/** `nestling engine install pjrt`, from PyPI where NESTLING_TEST_INSTALL=1 asks for it (.ci/run sets it), and from an index of the test's own. */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { compilerMissing, makePlugin, noCompiler } from "../engine/pjrt/made-plugin.js";
import { serve } from "../server.js";
import { temporaryFolder } from "../temporary-folder.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

interface Ended {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const install = (data: string, ...args: string[]): Promise<Ended> =>
  new Promise((done) => {
    const env = { ...process.env, XDG_DATA_HOME: data };
    execFile(process.execPath, [main, "engine", "install", ...args], { env }, (error, stdout, stderr) =>
      done({ status: error?.code ?? 0, stdout, stderr }),
    );
  });

test.skipIf(process.env["NESTLING_TEST_INSTALL"] !== "1")(
  "pjrt=cpu is installed whole from PyPI, and then found (NESTLING_TEST_INSTALL=1 runs it)",
  { timeout: 600_000 },
  async () => {
    const data = await temporaryFolder();
    const first = await install(data, "pjrt=cpu", "--json");
    expect(first.status, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout) as { plugin: string };
    expect(result).toMatchObject({ platform: "cpu", installed: true, device: { works: true } });
    expect(await readdir(join(data, "nestling/engines"))).toEqual(["pjrt-cpu-0.11.2"]);
    // There and working: nothing is fetched, and no index is asked.
    const second = await install(data, "pjrt=cpu", "--json", "--index", "http://127.0.0.1:1");
    expect(JSON.parse(second.stdout)).toMatchObject({ installed: false, plugin: result.plugin, wheels: [] });
  },
);

/**
 * An index of the CPU plugin's wheel, with this library in it.
 * @param wait resolves when the second half of the wheel may go
 */
async function indexWith(library: string, wait = (): Promise<unknown> => Promise.resolve()): Promise<string> {
  const folder = await temporaryFolder();
  const member = join(folder, "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so");
  mkdirSync(dirname(member));
  copyFileSync(library, member);
  const wheel = join(folder, "wheel.whl");
  execFileSync("python3", ["-m", "zipfile", "-c", wheel, dirname(member)]);
  const bytes = readFileSync(wheel);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const filename = "lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl";
  const files = [{ filename, url: "/wheel", size: bytes.length, hashes: { sha256 } }];
  return serve((request, response) => {
    if (request.url === "/wheel") {
      response.write(bytes.subarray(0, bytes.length / 2));
      void wait().then(() => response.end(bytes.subarray(bytes.length / 2)));
    } else response.setHeader("content-type", "application/json").end(JSON.stringify({ files }));
  });
}

test("a library that is no plugin is refused: exit code 2, nothing installed", async () => {
  const data = await temporaryFolder();
  const text = join(data, "text.so");
  writeFileSync(text, "no library");
  const { status, stderr } = await install(data, "pjrt=cpu", "--index", await indexWith(text));
  expect(status, stderr).toBe(2);
  expect(stderr).toMatch(/the plugin of lammps-jax-pjrt-cpu is not working \(not loadable .*Nothing was installed/);
  expect(await readdir(join(data, "nestling/engines"))).toEqual(["downloads"]);
});

test.skipIf(noCompiler)(`a plugin that ends its process is refused, too${compilerMissing}`, async () => {
  const data = await temporaryFolder();
  const index = await indexWith(makePlugin(data, "abrupt", { first: "abort();" }));
  const { status, stderr } = await install(data, "pjrt=cpu", "--index", index);
  expect(status, stderr).toBe(2);
  expect(stderr).toContain("not working (ended by SIGABRT in a process that tried it");
});

test.skipIf(noCompiler)(`a plugin without a device is installed, which is said${compilerMissing}`, async () => {
  const data = await temporaryFolder();
  const { status, stdout, stderr } = await install(
    ...([data, "pjrt=cpu", "--index", await indexWith(makePlugin(data, "idle", {}))] as const),
  );
  expect(status, stderr).toBe(0);
  expect(stdout).toContain("It is loaded, and finds no device now: none.");
});

test.skipIf(noCompiler)(
  `of two that install it at once, one does and the other finds it${compilerMissing}`,
  async () => {
    const data = await temporaryFolder();
    let fetched = 0;
    // A second one would be at its end when the first has long been done.
    const index = await indexWith(makePlugin(data, "idle", {}), () => delay(2000 * ++fetched));
    const both = await Promise.all([0, 1].map(() => install(data, "pjrt=cpu", "--index", index, "--json")));
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    const installed = both.map(({ stdout }) => (JSON.parse(stdout) as { installed: boolean }).installed);
    expect([installed.toSorted(), fetched]).toEqual([[false, true], 1]);
    expect(await readdir(join(data, "nestling/engines"))).toEqual(["pjrt-cpu-0.11.2"]);
  },
);

test.skipIf(noCompiler)(`what another install fetches meanwhile stays${compilerMissing}`, async () => {
  const data = await temporaryFolder();
  const downloads = join(data, "nestling/engines/downloads");
  mkdirSync(downloads, { recursive: true });
  writeFileSync(join(downloads, "tensorflow.whl.there.1.partial"), "half");
  const { status, stderr } = await install(
    ...([data, "pjrt=cpu", "--index", await indexWith(makePlugin(data, "idle", {}))] as const),
  );
  expect(status, stderr).toBe(0);
  expect(await readdir(downloads)).toEqual(["tensorflow.whl.there.1.partial"]);
});

test("an engine that can't be installed, and --gpu with a plugin: exit code 2", async () => {
  const data = await temporaryFolder();
  const other = await install(data, "pjrt=rocm");
  expect(other).toMatchObject({ status: 2, stderr: expect.stringContaining("pjrt=cuda13") as string });
  const both = await install(data, "pjrt=cpu", "--gpu");
  expect(both).toMatchObject({ status: 2, stderr: expect.stringContaining("--gpu is given with pjrt=cpu") as string });
});
