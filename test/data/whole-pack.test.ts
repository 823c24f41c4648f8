/** A pack for a recipe with random parts and an evaluation gives what the folder gives, byte for byte, from rows that are read where they lie. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Dataset } from "../../src/data/images.js";
import { loadDataset } from "../../src/data/load.js";
import { packDataset } from "../../src/data/pack/write-pack.js";
import { nestling } from "../cli/nestling.js";
import { temporaryFolder } from "../temporary-folder.js";
import { checkpointBytes, logOf, tinySpace, trainTiny } from "../train/tiny.js";

const { channels, resolutions } = tinySpace;
const size = resolutions.at(-1)!;
const evaluation = { cropShare: 0.75, interpolation: "bicubic" } as const;
/** With this scale the shorter side of 24 pixels is enough: of 40 pictures, those of 48 and more are reduced. */
const randomResizedCrop = {
  scale: [0.25, 1] as const,
  ratio: [0.75, 4 / 3] as const,
  interpolation: "bilinear" as const,
};
const recipe = { augmentation: { randomResizedCrop }, evaluation };
const parts = { ...randomResizedCrop, key: [5] };

let folder: string;
let photos: string;
let pack: string;
let onPhotos: Dataset;
let onPack: Dataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-whole-pack-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  photos = join(folder, "photos");
  pack = join(folder, "packed");
  const draw = random("whole pack");
  for (let i = 0; i < 330; i++) {
    const place = join(photos, i < 290 ? "train" : "test", `${i % 10}`);
    await mkdir(place, { recursive: true });
    // Every fourth is large enough to be reduced. JPEGs, some on their side; wide ones and tall ones.
    const [width, height] = i % 4 === 0 ? [100 + (i % 7), 60 + (i % 50)] : [30 + (i % 11), 20 + (i % 27)];
    const raw = Buffer.from(Array.from({ length: 75 }, () => draw.integer(256)));
    const coarse = sharp(raw, { raw: { width: 5, height: 5, channels: 3 } }).resize(width, height, { fit: "fill" });
    await writeFile(
      join(place, `${i}.jpg`),
      await coarse
        .withMetadata({ orientation: 1 + (i % 8) })
        .jpeg()
        .toBuffer(),
    );
  }
  process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  onPhotos = await loadDataset(photos, { size, channels });
  await packDataset({ data: onPhotos, source: photos, sizes: resolutions, recipe, out: pack });
  onPack = await loadDataset(pack, { size, channels });
}, 60_000);

const indicesOf = (data: Dataset, part: "train" | "test"): Uint32Array =>
  Uint32Array.from({ length: data[part].count }, (_, i) => i);

test("random parts and what the evaluation sees are the folder's, byte for byte, from threads and from here", async () => {
  expect(onPack.fingerprint).toBe(onPhotos.fingerprint);
  expect(onPack.about[0]).toContain("with whole pictures");
  // Fewer than 200 pictures are made here, more by threads.
  for (const part of ["train", "test"] as const) {
    const all = indicesOf(onPhotos, part);
    for (const epoch of [1, 2]) {
      const keyed = { ...parts, key: [5, epoch] };
      expect(await onPack[part].readParts(all, keyed)).toEqual(await onPhotos[part].readParts(all, keyed));
    }
    for (const resolution of resolutions) {
      const judged = await onPack[part].read(all, resolution, evaluation);
      expect(judged).toEqual(await onPhotos[part].read(all, resolution, evaluation));
      expect(judged).not.toEqual(await onPhotos[part].read(all, resolution));
    }
  }
});

test("training gives the same weights and log from either", async () => {
  const run = async (source: string, data: Dataset) => {
    const out = await temporaryFolder();
    await trainTiny({ out, data, source, steps: 4, recipe });
    const { weights, optimizer } = await checkpointBytes(out);
    return { weights, optimizer, log: await logOf(out) };
  };
  expect(await run(pack, onPack)).toEqual(await run(photos, onPhotos));
});

test("a pack whose pictures were not reduced gives every other part, evaluation, resolution and size, as its source does", async () => {
  const out = join(await temporaryFolder(), "packed");
  const small = { augmentation: { randomResizedCrop: { scale: [0.01, 1] as const } } };
  await packDataset({ data: onPhotos, source: photos, sizes: [size], recipe: small, out });
  const { train } = await loadDataset(out, { size, channels });
  const all = indicesOf(onPhotos, "train");
  const others = { ...parts, scale: [0.05, 0.5] as const, interpolation: "bicubic" as const };
  for (const wanted of [others, parts])
    expect(await train.readParts(all, wanted)).toEqual(await onPhotos.train.readParts(all, wanted));
  for (const resolution of [7, 31]) {
    expect(await train.read(all, resolution)).toEqual(await onPhotos.train.read(all, resolution));
    const judged = await train.read(all, resolution, evaluation);
    expect(judged).toEqual(await onPhotos.train.read(all, resolution, evaluation));
  }
  const [from, to] = [
    await loadDataset(photos, { size: 17, channels }),
    await loadDataset(out, { size: 17, channels }),
  ];
  expect(to).toMatchObject({ fingerprint: from.fingerprint, mean: from.mean, std: from.std });
});

test("one whose pictures were reduced refuses them, with the way out, before a run writes anything", async () => {
  const refused = {
    code: "data/pack",
    message: expect.stringContaining("--recipe RECIPE, or give photos itself") as string,
  };
  await expect(onPack.train.readParts([1], { ...parts, scale: [0.05, 0.5] })).rejects.toMatchObject(refused);
  await expect(onPack.train.read([1], 31)).rejects.toMatchObject(refused);
  await expect(loadDataset(pack, { size: 31, channels })).rejects.toMatchObject(refused);
  const out = join(await temporaryFolder(), "run");
  const other = { ...recipe, evaluation: { cropShare: 0.9 } };
  await expect(trainTiny({ out, data: onPack, source: pack, recipe: other })).rejects.toMatchObject(refused);
  expect(await readdir(join(out, ".."))).toEqual([]);
});

test("a damaged row is refused where a part with it is read, and nowhere else; cut off and missing files when the pack is opened", async () => {
  const copy = join(await temporaryFolder(), "copy");
  await cp(pack, copy, { recursive: true });
  const file = join(copy, "test.pictures");
  const bytes = await readFile(file);
  bytes[0]! ^= 1;
  await writeFile(file, bytes);
  const { test: damaged } = await loadDataset(copy, { size, channels });
  const message = expect.stringContaining("damaged at image 0") as string;
  await expect(damaged.readParts([0], parts)).rejects.toMatchObject({ code: "data/pack", message });
  expect(await damaged.readParts([1], parts)).toEqual(await onPhotos.test.readParts([1], parts));
  expect(await damaged.read([0], size, evaluation)).toEqual(await onPhotos.test.read([0], size, evaluation));
  bytes[0]! ^= 1;
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(file, bytes);
  const opening = { code: "data/pack", message: expect.stringContaining("changed since it was written") as string };
  await expect(loadDataset(copy, { size, channels })).rejects.toMatchObject(opening);
  await truncate(file, 100);
  const cut = { code: "data/pack", message: expect.stringContaining("100 bytes long") as string };
  await expect(loadDataset(copy, { size, channels })).rejects.toMatchObject(cut);
  await rm(file);
  await expect(loadDataset(copy, { size, channels })).rejects.toMatchObject({ code: "data/pack" });
});

test("a pack that the disk has no room for is refused before anything is written", async () => {
  const out = join(await temporaryFolder(), "packed");
  // 10 TB.
  const sizes = Array.from({ length: 4096 }, (_, i) => i + 1);
  await expect(packDataset({ data: onPhotos, source: photos, sizes, out })).rejects.toMatchObject({
    code: "data/pack-room",
    message: expect.stringMatching(/on a disk with .* free; want \d+\.\d GB for the pack/) as string,
  });
  expect(await readdir(join(out, ".."))).toEqual([]);
});

test("nestling data pack --recipe says the size first; the pack is about as large", async () => {
  const out = join(await temporaryFolder(), "packed");
  const file = join(await temporaryFolder(), "recipe.json");
  await writeFile(file, JSON.stringify({ name: "parts", ...recipe }));
  const made = nestling(
    "data",
    "pack",
    photos,
    "--out",
    out,
    "--size",
    "12",
    "--channels",
    "1",
    "--recipe",
    file,
    "--json",
  );
  expect(made.stderr).toContain("The pack will take about 1 MB.");
  expect(JSON.parse(made.stdout)).toMatchObject({ sizes: [12], images: 330, wholePictures: true });
  const packing = nestling("data", "pack", out, "--out", `${out}-2`, "--size", "12", "--channels", "1");
  expect([packing.status, packing.stderr]).toEqual([2, expect.stringContaining("packed already")]);
  expect(await readdir(join(out, ".."))).toEqual(["packed"]);
});
