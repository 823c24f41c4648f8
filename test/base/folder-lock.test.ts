import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFilesAtomic } from "../../src/base/atomic-file.js";
import { lockFolder, writeInTurn } from "../../src/base/folder-lock.js";
import { temporaryFolder } from "../temporary-folder.js";

const holder = (pid: number, more = {}): string =>
  JSON.stringify({ pid, host: hostname(), began: "1", since: "2026-11-25T12:00:00.000Z", ...more });

test("the second is refused, and the message says who writes; after the release it may; nothing is left", async () => {
  const folder = join(await temporaryFolder(), "a/b");
  const release = await lockFolder(folder, "train");
  const held = JSON.parse(await readFile(join(folder, "train.lock"), "utf8")) as { pid: number };
  expect(held.pid).toBe(process.pid);
  await expect(lockFolder(folder, "train")).rejects.toMatchObject({
    code: "file/locked",
    message: expect.stringContaining(`process ${process.pid} on ${hostname()}, since 20`) as string,
  });
  const other = await lockFolder(folder, "search");
  await release();
  await (
    await lockFolder(folder, "train")
  )();
  expect(await readdir(folder)).toEqual(["search.lock"]);
  await other();
});

test("of many at once one gets it", async () => {
  const folder = await temporaryFolder();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder, "train")));
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await readdir(folder)).toEqual(["train.lock"]);
});

test.each([
  ["a process that has ended", holder(spawnSync(process.execPath, ["-e", ""]).pid)],
  ["a number that another process has now", holder(process.pid)],
  ["a file that was cut off", "{"],
  ["an empty file", ""],
])("the lock of %s is taken over, by one of many", async (_, left) => {
  // The gaps in which two could get it are short: one round hits them about once in 150.
  for (let round = 0; round < 200; round++) {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "train.lock"), left);
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder, "train")));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(folder)).toEqual(["train.lock"]);
  }
});

test.each([
  ["a folder", (path: string) => mkdir(path), "EISDIR"],
  ["a link to nowhere", (path: string) => symlink("nowhere", path), "ENOENT"],
])("a lock that is %s can't be read: that is said, and waits for nothing", async (_, make, code) => {
  const folder = await temporaryFolder();
  await make(join(folder, "train.lock"));
  await expect(lockFolder(folder, "train")).rejects.toMatchObject({
    code: "file/locked",
    message: expect.stringContaining(`train.lock is a lock that can't be read (${code})`) as string,
  });
  expect(await readdir(folder)).toEqual(["train.lock"]);
});

test("a process that ended while it took a lock over does not stop the next one", async () => {
  const folder = await temporaryFolder();
  const gone = holder(spawnSync(process.execPath, ["-e", ""]).pid);
  for (const name of ["train.lock", "train.lock.next"]) await writeFile(join(folder, name), gone);
  const release = await lockFolder(folder, "train");
  expect(await readdir(folder)).toEqual(["train.lock"]);
  await release();
});

test("a process that runs, here or on another machine, keeps its lock", async () => {
  const folder = await temporaryFolder();
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "ignore" });
  await once(other, "spawn");
  const stat = await readFile(`/proc/${other.pid!}/stat`, "utf8").catch(() => "");
  const began = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  for (const [lock, fix] of [
    [holder(other.pid!, { began }), "Wait for it, stop it, or choose another folder."],
    [holder(other.pid!, { host: "elsewhere" }), "If it no longer runs there, remove"],
  ] as const) {
    await writeFile(join(folder, "train.lock"), lock);
    await expect(lockFolder(folder, "train")).rejects.toMatchObject({
      code: "file/locked",
      message: expect.stringContaining(fix) as string,
    });
  }
  other.kill();
});

test("of many who write a pair of files at once, one's pair lies there", async () => {
  const folder = await temporaryFolder();
  const [first, second] = [join(folder, "child.onnx"), join(folder, "child.json")];
  for (let round = 0; round < 30; round++) {
    const write = (text: string): Promise<void> =>
      writeInTurn(first, () => writeFilesAtomic([[first, text] as const, [second, text] as const]));
    await Promise.all(Array.from({ length: 8 }, (_, i) => write(`${round} ${i}`)));
    expect(await readFile(second, "utf8")).toBe(await readFile(first, "utf8"));
    expect((await readdir(folder)).sort()).toEqual(["child.json", "child.onnx"]);
  }
});
