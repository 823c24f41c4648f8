/** What is given beside a file may be wrong; that is a mistake of the user's, and no verdict on the file. */
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { exportChild } from "../../src/deploy/export-child.js";
import { verifyChild } from "../../src/deploy/verify.js";
import { openRun } from "../../src/run/run.js";
import { smallest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { source } from "../train/tiny.js";

const run = await tinyRun();
const target = mockTarget({ msOf: () => 1 });
const file = join(run.folder, "child.onnx");
beforeAll(async () => {
  await exportChild(run, smallest(run.supernet.space), { out: file, target });
});

/** The data set under other names of its classes. */
async function renamed(change: (names: string[]) => string[]): Promise<string> {
  const folder = await temporaryFolder();
  await cp(source, folder, { recursive: true });
  await writeFile(join(folder, "classes.txt"), change([...run.data.classes]).join("\n"));
  return folder;
}

test("the same images elsewhere pass", async () => {
  const data = await renamed((names) => names);
  expect((await verifyChild(file, { data, target })).passed).toBe(true);
  expect((await openRun(run.folder, data)).data.test.count).toBe(2000);
});

test.each([
  [
    "a class of another name",
    (names: string[]) => names.toSpliced(2, 1, "Jumper"),
    '"Jumper" as class 2; want "Pullover" as class 2',
  ],
  [
    "the same names in another order",
    (names: string[]) => names.toReversed(),
    '"Ankle boot" as class 0; want "T-shirt/top" as class 0',
  ],
])("%s is refused, with the first name that differs", async (_, change, difference) => {
  const data = await renamed(change);
  const message = expect.stringContaining(`with ${difference}`) as string;
  await expect(verifyChild(file, { data, target })).rejects.toMatchObject({ code: "deploy/data", message });
  await expect(openRun(run.folder, data)).rejects.toMatchObject({ code: "compile/data", message });
});

test("other test images under the same names are refused", async () => {
  const data = await renamed((names) => names);
  for (const what of ["images-idx3", "labels-idx1"])
    await cp(join(source, `train-${what}-ubyte.gz`), join(data, `t10k-${what}-ubyte.gz`));
  await expect(verifyChild(file, { data, target })).rejects.toMatchObject({
    code: "deploy/data",
    message: expect.stringContaining("10000 other test images; want the 2000 that were certified") as string,
  });
});
