import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { idxNames } from "../../src/data/binary/idx.js";
import { fashionClasses } from "../../src/data/binary/known-idx.js";
import { loadDataset } from "../../src/data/load.js";
import { loadMnist } from "../../src/data/binary/mnist.js";
import { temporaryFolder } from "../temporary-folder.js";
import { allPixels } from "./all-pixels.js";

afterEach(() => vi.unstubAllEnvs());

const wishes = { size: 28, channels: 1 } as const;
const fashion = await loadDataset("fixtures/fashion-mnist", wishes);

const perClass = (labels: ArrayLike<number>): number[] => {
  const counts = Array<number>(10).fill(0);
  Array.from(labels).forEach((label) => counts[label]!++);
  return counts;
};

test("the fixture is 10,000 training and 2,000 test images, each class in equal shares", () => {
  expect(fashion.classes).toEqual(fashionClasses);
  expect(fashion.train).toMatchObject({ count: 10_000, height: 28, width: 28, channels: 1 });
  expect(fashion.test).toMatchObject({ count: 2_000, height: 28, width: 28, channels: 1 });
  expect(perClass(fashion.train.labels)).toEqual(Array(10).fill(1000));
  expect(perClass(fashion.test.labels)).toEqual(Array(10).fill(200));
});

test("mean and deviation are the training pixels' own", async () => {
  const pixels = Float64Array.from((await allPixels(fashion.train)).pixels, (pixel) => pixel / 255);
  const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
  const variance = pixels.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / pixels.length;
  expect(fashion.mean).toEqual([Math.round(mean * 1e4) / 1e4]);
  expect(fashion.std).toEqual([Math.round(Math.sqrt(variance) * 1e4) / 1e4]);
});

test("the fingerprint speaks of the content, not of where it lies", async () => {
  const again = await loadDataset("fashion-mnist:fixtures/fashion-mnist", wishes);
  expect(again.fingerprint).toBe(fashion.fingerprint);
  expect(again.name).not.toBe(fashion.name);
});

/** Nothing answers there: a data set that is not in the cache can't be had. */
const nowhere = "http://127.0.0.1:9";
const shippedFile = (name: string): string => join("fixtures/fashion-mnist", `${name}.gz`);

test("two of the four files in the cache, each plain and gzipped, are not the data set", async () => {
  const home = await temporaryFolder();
  vi.stubEnv("XDG_CACHE_HOME", home);
  const cache = join(home, "nestling/mnist");
  await mkdir(cache, { recursive: true });
  for (const name of idxNames.train) {
    await copyFile(shippedFile(name), join(cache, `${name}.gz`));
    await writeFile(join(cache, name), gunzipSync(await readFile(shippedFile(name))));
  }
  // The two that are there are not downloaded again.
  await expect(loadMnist("mnist", nowhere)).rejects.toMatchObject({
    code: "data/download",
    problems: [{ at: `${nowhere}/${idxNames.test[0]}.gz`, got: expect.stringContaining("not reachable") as string }],
  });
});

test("an empty XDG_CACHE_HOME counts as unset: the cache is in the home folder", async () => {
  const home = await temporaryFolder();
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("HOME", home);
  const cache = join(home, ".cache/nestling/mnist");
  await mkdir(cache, { recursive: true });
  for (const name of Object.values(idxNames).flat()) await copyFile(shippedFile(name), join(cache, `${name}.gz`));
  expect((await loadMnist("mnist", nowhere)).train.count).toBe(10_000);
});
