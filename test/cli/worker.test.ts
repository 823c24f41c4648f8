/** search --queue and nestling worker as a user sees them, and what they refuse, on a Redis of the test's own. test/queue/kill.test.ts kills them at work. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SearchResult } from "../../src/search/search-file.js";
import { hasRedis, needsRedis, startRedis } from "../queue/redis-server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { runNestling } from "./bad-input.js";
import { makeFinishedRun, searchArgs, shortly } from "./finished-run.js";

const root = resolve(import.meta.dirname, "../..");

describe.skipIf(!hasRedis)(`a worker${needsRedis}`, () => {
  test("a Redis with a password is refused without it, and works with it; it is shown nowhere", async () => {
    const folder = await temporaryFolder();
    const run = await makeFinishedRun(folder);
    const { port } = await startRedis("--requirepass", "xyzzy");
    const search = (login: string) =>
      runNestling([...searchArgs(run), "--out", "found", "--queue", `redis://${login}127.0.0.1:${port}`], {
        cwd: folder,
      });
    const none = await search("");
    expect([none.status, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toBe(
      `redis://127.0.0.1:${port} is a Redis that asks for a password; want a Redis that lets nestling in. Put name and password into the address: redis://name:password@host:6379.\n`,
    );
    const wrong = await search(":plugh@");
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("refuses this name and password")]);
    const right = await search(":xyzzy@");
    expect(right.status, right.stderr).toBe(0);
    for (const { stderr, stdout } of [none, wrong, right]) expect(stderr + stdout).not.toMatch(/plugh|xyzzy/);
  });

  test("one worker judges, another measures on its target; the bar counts them, and a signal ends them after their job", async () => {
    const folder = await temporaryFolder();
    const run = await makeFinishedRun(folder);
    const redis = await startRedis();
    const targets = { two: { kind: "local", threads: 2 } };
    await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets }));
    const startWorker = (...args: readonly string[]) => {
      const all = [join(root, "dist/cli/main.js"), "worker", run, "--queue", redis.url, ...args, "--json"];
      const child = spawn(process.execPath, all, { cwd: folder });
      onTestFinished(() => void child.kill("SIGKILL"));
      let said = "";
      child.stderr.on("data", (more) => (said += String(more)));
      return { child, printed: text(child.stdout), ended: once(child, "exit"), said: () => said };
    };
    const workers = [startWorker(), startWorker("--target", "two")];
    for (const { said } of workers) while (!said().includes("for searches of")) await delay(50);
    const budgets = ["--budget", "macs=1M", "--budget", "latency@two=1000ms", "--fine", "1"];
    const found = await runNestling(
      ["search", run, ...budgets, "--recalibration-images", "64", ...shortly, "--out", "found", "--queue", redis.url],
      { cwd: folder },
    );
    expect(found.status, found.stderr).toBe(0);
    expect(found.stderr).toContain("2 workers");
    expect(found.stderr).toContain("Latency on two is measured by the workers that serve it.");
    const done: unknown[] = [];
    for (const { child, printed, ended } of workers) {
      child.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
      done.push(JSON.parse(await printed));
    }
    const { candidates } = JSON.parse(await readFile(join(folder, "found/search.json"), "utf8")) as SearchResult;
    const [judge, timer] = done as { judged: number; measured: number }[];
    expect(judge).toMatchObject({ measured: 0 });
    // The search judges, too: how many the worker gets is not fixed.
    expect(judge!.judged).toBeGreaterThan(0);
    expect(timer!.judged).toBe(0);
    expect(timer!.measured).toBeGreaterThanOrEqual(candidates.length);
  });

  test("a worker whose data or database is missing is refused", async () => {
    const folder = await temporaryFolder();
    const run = await makeFinishedRun(folder);
    const redis = await startRedis();
    const worker = (...args: readonly string[]) =>
      runNestling(["worker", run, "--queue", redis.url, ...args], { cwd: folder });
    const lost = await worker("--data", "nowhere");
    expect([lost.status, lost.stderr]).toEqual([2, expect.stringContaining("nowhere")]);
    const database = await runNestling(["worker", run, "--queue", `${redis.url}/99`], { cwd: folder });
    expect([database.status, database.stderr]).toEqual([
      2,
      expect.stringContaining("without a database of this number"),
    ]);
  });
});

test.each(["redis:/me:plugh@host:1", "http://me:plugh@host", "redis://me:plugh@host:1/x", "me:plugh@host"])(
  "an address that is none, %s, is refused without its password",
  async (address) => {
    const { status, stderr, stdout } = await runNestling(["worker", "run", "--queue", address]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/the queue's address is "…@host/);
    expect(stderr).not.toContain("plugh");
  },
);

test("without BullMQ a queue is refused with what to install; everything else works", async () => {
  const folder = await temporaryFolder();
  await cp(join(root, "dist"), join(folder, "dist"), { recursive: true });
  await cp(join(root, "package.json"), join(folder, "package.json"));
  await mkdir(join(folder, "node_modules"));
  for (const name of await readdir(join(root, "node_modules"))) {
    if (!["bullmq", "ioredis"].includes(name)) {
      await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
  }
  const run = await makeFinishedRun(folder);
  const nestling = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(folder, "dist/cli/main.js"), ...args], { cwd: folder });
    let said = "";
    child.stderr.on("data", (more) => (said += String(more)));
    const [status] = (await once(child, "close")) as [number];
    return { status, said };
  };
  const refused = await nestling(...searchArgs(run), "--out", "found", "--queue", "redis://127.0.0.1:1");
  expect(refused).toEqual({
    status: 2,
    said: "what a queue needs is missing; want bullmq@6.7.0 ioredis@6.0.0. Run npm install bullmq@6.7.0 ioredis@6.0.0 (15 MB) on each machine.\n",
  });
  expect(
    await nestling(...searchArgs(run), "--data", join(root, "fixtures/fashion-mnist"), "--out", "found"),
  ).toMatchObject({ status: 0 });
});
