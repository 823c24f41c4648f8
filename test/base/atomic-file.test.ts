import { execFileSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFileAtomic, writeFilesAtomic } from "../../src/base/atomic-file.js";
import { checkPlace } from "../../src/base/check-place.js";
import { temporaryFolder } from "../temporary-folder.js";

const listing = (folder: string): Promise<string[]> => readdir(folder, { recursive: true });

test("a file is written into a folder that it makes; an older one is replaced", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "a/b/file.txt");
  await writeFileAtomic(path, "old");
  await writeFileAtomic(path, "new");
  expect(await readFile(path, "utf8")).toBe("new");
  expect((await listing(folder)).sort()).toEqual(["a", "a/b", "a/b/file.txt"]);
});

test("of files that belong together none appears where one can't be written, and no folder stays", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "taken.json"));
  await writeFile(join(folder, "kept.onnx"), "old");
  const pair = (onnx: string) =>
    writeFilesAtomic([
      [join(folder, onnx), "model"],
      [join(folder, "taken.json"), "certificate"],
    ]);
  for (const onnx of ["kept.onnx", "new.onnx", "made/deep/new.onnx"]) {
    await expect(pair(onnx)).rejects.toMatchObject({
      code: "file/write",
      message: expect.stringContaining("taken.json is not writable (EISDIR)") as string,
    });
    expect((await listing(folder)).sort()).toEqual(["kept.onnx", "taken.json"]);
    expect(await readFile(join(folder, "kept.onnx"), "utf8")).toBe("old");
  }
});

test.each([
  ["a file as a folder", "file/inside.txt", "ENOTDIR|EEXIST"],
  ["a name too long", "n".repeat(300), "ENAMETOOLONG"],
])("%s is refused by name", async (_, path, code) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  await expect(writeFileAtomic(join(folder, path), "x")).rejects.toMatchObject({
    code: "file/write",
    message: expect.stringMatching(code) as string,
  });
  expect(await listing(folder)).toEqual(["file"]);
});

test("a link is replaced, not written through", async () => {
  const folder = await temporaryFolder();
  await symlink("/dev/full", join(folder, "link"));
  await writeFileAtomic(join(folder, "link"), "x");
  expect(await readFile(join(folder, "link"), "utf8")).toBe("x");
  expect(await listing(folder)).toEqual(["link"]);
});

test.skipIf(process.platform === "win32")(
  "a pipe is refused, and so is a link to what a process has open",
  async () => {
    const folder = await temporaryFolder();
    const [pipe, opened] = [join(folder, "pipe"), join(folder, "opened")];
    execFileSync("mkfifo", [pipe]);
    await symlink("/proc/self/fd/1", opened);
    for (const path of [pipe, opened]) {
      const refused = {
        code: "file/write",
        message: expect.stringContaining(`${path} is a device or a pipe`) as string,
      };
      await expect(writeFileAtomic(path, "x")).rejects.toMatchObject(refused);
      await expect(checkPlace(path)).rejects.toMatchObject(refused);
    }
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect((await listing(folder)).sort()).toEqual(["opened", "pipe"]);
  },
);

test.skipIf(process.platform !== "linux")(
  "a folder that takes no new ones is refused, and not asked without end",
  async () => {
    await expect(writeFileAtomic("/proc/nestling/deep/file", "x")).rejects.toMatchObject({
      code: "file/write",
      message: expect.stringContaining("/proc/nestling/deep/file is not writable (ENOENT)") as string,
    });
  },
);
