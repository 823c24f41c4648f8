/** A pack is its source, prepared once: the same fingerprint, pixels and weights, with nothing decoded; and no damage goes unnoticed. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { loadDataset } from "../../src/data/load.js";
import { packDataset } from "../../src/data/pack/write-pack.js";
import { openRun } from "../../src/run/run.js";
import { nestling } from "../cli/nestling.js";
import { temporaryFolder } from "../temporary-folder.js";
import { checkpointBytes, logOf, tinySpace, trainTiny } from "../train/tiny.js";
import { allPixels } from "./all-pixels.js";

const { channels, resolutions } = tinySpace;
const size = resolutions.at(-1)!;
let photos: string;
let pack: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "nestling-pack-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  photos = join(folder, "photos");
  pack = join(folder, "packed");
  const draw = random("pack");
  for (let i = 0; i < 150; i++) {
    const place = join(photos, i < 110 ? "train" : i < 130 ? "val" : "test", `${i % 10}`);
    await mkdir(place, { recursive: true });
    const raw = Buffer.from(Array.from({ length: 12 }, () => draw.integer(256)));
    const small = sharp(raw, { raw: { width: 2, height: 2, channels: 3 } });
    await writeFile(
      join(place, `${i}.png`),
      await small
        .resize(9 + (i % 30), 20, { fit: "fill" })
        .png()
        .toBuffer(),
    );
  }
  const data = await loadDataset(photos, { size, channels });
  await packDataset({ data, source: photos, sizes: resolutions, out: pack });
});

test("a pack has its source's fingerprint, statistics, classes, parts and pixels at every size", async () => {
  expect((await readdir(pack)).length).toBe(1 + 2 * resolutions.length);
  for (const wished of resolutions) {
    const [from, to] = [
      await loadDataset(photos, { size: wished, channels }),
      await loadDataset(pack, { size: wished, channels }),
    ];
    const { fingerprint, mean, std, classes, validation } = from;
    expect(to).toMatchObject({ fingerprint, mean, std, classes, validation });
    for (const part of ["train", "test"] as const) {
      expect(await allPixels(to[part])).toEqual(await allPixels(from[part]));
      for (const resolution of resolutions) {
        const some = [3, 0, 3, from[part].count - 1];
        expect(await to[part].read(some, resolution)).toEqual(await from[part].read(some, resolution));
      }
    }
  }
});

test("training on either gives the same weights and log, and a run on one opens with the other", async () => {
  const run = async (source: string) => {
    const out = await temporaryFolder();
    const data = await loadDataset(source, { size, channels });
    await trainTiny({ out, data, source, steps: 4 });
    const { weights, optimizer } = await checkpointBytes(out);
    return { out, bytes: { weights, optimizer, log: await logOf(out) } };
  };
  const [onPhotos, onPack] = [await run(photos), await run(pack)];
  expect(onPack.bytes).toEqual(onPhotos.bytes);
  expect((await openRun(onPhotos.out, pack)).validation).toEqual((await openRun(onPack.out, photos)).validation);
});

/** A copy that is changed. */
async function changed(change: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(await temporaryFolder(), "copy");
  await cp(pack, folder, { recursive: true });
  await change(folder);
  return folder;
}

async function indexChanged(change: (index: Record<string, unknown>) => void, again: boolean): Promise<string> {
  return changed(async (folder) => {
    const index = JSON.parse(await readFile(join(folder, "pack.json"), "utf8")) as Record<string, unknown>;
    change(index);
    await writeFile(join(folder, "pack.json"), JSON.stringify(again ? sealed(index, orderedSeal) : index));
  });
}

const pixels = (folder: string): string => join(folder, `${size}-train.pixels`);

test.each<[string, () => Promise<string>, RegExp]>([
  ["an index cut off", () => changed((at) => truncate(join(at, "pack.json"), 300)), /not JSON/],
  ["an index that was edited", () => indexChanged((index) => (index["source"] = "others"), false), /changed since/],
  ["another format", () => indexChanged((index) => (index["format"] = 1), true), /format/],
  [
    "other rules of preprocessing",
    () => indexChanged((index) => (index["preprocessing"] = "0".repeat(64)), true),
    /packed by nestling/,
  ],
  ["pixels cut off", () => changed((at) => truncate(pixels(at), 5000)), /5000 bytes long; want \d+ bytes/],
  ["pixels gone", () => changed((at) => rm(pixels(at))), /missing/],
  ["checks that were changed", () => changed(async (at) => flip(pixels(at), -1)), /changed since it was written/],
])("%s is refused", async (_, made, message) => {
  await expect(loadDataset(await made(), { size, channels })).rejects.toMatchObject({
    code: "data/pack",
    message: expect.stringMatching(message) as string,
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  await writeFile(path, bytes);
}

test("an image that was damaged is refused when it is read, and others are not", async () => {
  const bytes = size * size * channels;
  const { train } = await loadDataset(await changed((at) => flip(pixels(at), 5 * bytes + 1)), { size, channels });
  await expect(train.read([4, 5])).rejects.toMatchObject({
    code: "data/pack",
    message: expect.stringContaining("image 5") as string,
  });
  expect(await train.read([4, 6])).toHaveLength(2 * bytes);
});

test("what a pack doesn't hold is refused with the way out", async () => {
  const code = "data/pack";
  await expect(loadDataset(pack, { size: 13, channels })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(
      "nestling data pack photos --space SPACE --recipe RECIPE, or give photos",
    ) as string,
  });
  await expect(loadDataset(pack, { size, channels: 3 })).rejects.toMatchObject({ code });
  const { train } = await loadDataset(pack, { size, channels });
  await expect(train.read([0], size, { cropShare: 0.8, interpolation: "bilinear" })).rejects.toMatchObject({ code });
  await expect(
    train.readParts([0], { scale: [0.1, 1], ratio: [1, 1], interpolation: "bilinear", key: [0] }),
  ).rejects.toMatchObject({ code });
});

beforeEach(async () => {
  process.env["XDG_CACHE_HOME"] = await temporaryFolder();
});

test("nestling data pack: what a killed one left goes, a folder that is there stays, an IDX set needs none", async () => {
  const out = join(await temporaryFolder(), "packed");
  await mkdir(`${out}.partial`);
  await writeFile(join(`${out}.partial`, "99-train.pixels"), "half");
  const half = nestling("train", "--space", "fashion", "--data", `${out}.partial`, "--out", `${out}-run`);
  expect(half.status).toBe(2);
  const sizes = ["--size", "8", "--size", "9", "--channels", "1"];
  const made = nestling("data", "pack", photos, "--out", out, ...sizes, "--json");
  const bytes = 150 * (64 + 81);
  expect(JSON.parse(made.stdout)).toMatchObject({ sizes: [8, 9], images: 150, wholePictures: false, bytes });
  expect(made.stderr).toContain("The pack will take about 1 MB.");
  expect((await readdir(join(out, ".."))).sort()).toEqual(["packed"]);
  const again = nestling("data", "pack", photos, "--out", out, ...sizes);
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("there already")]);
  const idx = nestling("data", "pack", "fixtures/fashion-mnist", "--out", `${out}-2`, ...sizes);
  expect([idx.status, idx.stderr]).toEqual([2, expect.stringContaining("images of one size")]);
  expect(await readdir(join(out, ".."))).toEqual(["packed"]);
}, 60_000);
