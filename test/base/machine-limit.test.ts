/** What the machine doesn't allow is no mistake in the data, and no failure of ours. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writeFileAtomic } from "../../src/base/atomic-file.js";
import { machineLimit } from "../../src/base/machine-limit.js";
import { loadListing } from "../../src/data/load-listing.js";
import type { Entry } from "../../src/data/sources/listing.js";
import { folderOf, picture } from "../data/picture-folder.js";

test.each([
  ["EMFILE: too many open files, open 'a.png'", "the number of open files"],
  ["EFBIG: file too large, write", "the size of a file"],
  ["it is cut off or damaged: glib: Error creating thread: Resource temporarily unavailable", "the number of threads"],
  ["WebAssembly.Memory(): could not allocate memory", "memory"],
])("%s is a limit", (message, at) => {
  expect(machineLimit(new Error(message))).toMatchObject({ code: "base/limit", problems: [{ at }] });
});

test("a damaged picture is no limit, whatever its header asks for", () => {
  expect(machineLimit(new Error("it is cut off or damaged: Failed to allocate memory for strips"))).toBeUndefined();
});

test("pictures that the machine can't open now are not left out as broken", async () => {
  const folder = await folderOf({ "a.png": await picture([1, 2, 3]) });
  const read = (): Promise<Uint8Array> => readFile(`${folder}/a.png`);
  const entries = [0, 1].flatMap((label) =>
    [1, 2, 3].map((n): Entry => ({ name: `${label}/${n}`, at: "x", label, read })),
  );
  const busy = {
    ...entries[0]!,
    read: () => Promise.reject(Object.assign(new Error("EMFILE: x"), { code: "EMFILE" })),
  };
  const broken = { ...entries[0]!, read: () => Promise.resolve(Buffer.from("no picture")) };
  const listing = { classes: ["a", "b"], test: entries, validation: [], layout: "", leftOut: undefined, hints: [] };
  const load = (extra: Entry) =>
    loadListing("x", { ...listing, train: [...entries, extra] }, { size: 4, channels: 3, broken: "skip" });
  expect((await load(broken)).broken).toEqual(["0/1"]);
  await expect(load(busy)).rejects.toMatchObject({ code: "base/limit" });
});

test.skipIf(process.platform === "win32")("too few open files: exit code 2, and what to raise", () => {
  const run = (limit: string, args: string) =>
    spawnSync("bash", ["-c", `ulimit ${limit}; "${process.execPath}" dist/cli/main.js ${args}`], { encoding: "utf8" });
  const files = run("-n 48", "train --space fashion --data fixtures/fashion-mnist --out /dev/null/x");
  expect([files.status, files.stderr]).toEqual([2, expect.stringContaining("Raise it: ulimit -n 1024.")]);
});

test.skipIf(process.platform !== "linux")("a folder that can't ever be made is refused", async () => {
  await expect(writeFileAtomic("/proc/a/b", "")).rejects.toMatchObject({ code: "file/write" });
});
