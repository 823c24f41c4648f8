// `npm run bench -- data`: how fast pictures become random resized crops, beside PyTorch's DataLoader. See bench/README.md.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDataset, packDataset, random } from "../../dist/index.js";
import { permutation } from "../../dist/base/random.js";
import { startPython } from "../python.mjs";
import { appendResult, median } from "../results.mjs";
import { makePhotos } from "./make-photos.mjs";

const SIZE = 224;
const BATCH = 64;
/** Batches that are asked for at once, as training reads ahead. */
const AHEAD = 3;
const PARTS = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], interpolation: "bilinear" };

const options = {
  pictures: { type: "string", default: "20000" },
  rounds: { type: "string", default: "3" },
  /** Where the pictures are made, and found again. */
  folder: { type: "string", default: join(tmpdir(), "nestling-bench-data") },
  "no-record": { type: "boolean" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const photos = await makePhotos(values.folder, Number(values.pictures));
  const load = (where) => loadDataset(photos, { size: SIZE, channels: 3, images: where });
  const streamed = (await load("stream")).train;
  const packed = (await loadDataset(await packOf(photos, await load("stream")), { size: SIZE, channels: 3 })).train;
  const kept = (await load()).train;
  const images = streamed.count;
  const order = permutation(images, random(0, "order"));
  const torch = startPython("data/contender.py", "data");
  const { loaders, versions } = await torch.ask({ photos, size: SIZE, batch: BATCH, order: [...order] });
  const contenders = {
    "nestling, decoded each time": (round) => read(streamed, order, round),
    "nestling, from a pack": (round) => read(packed, order, round),
    "nestling, kept while there is room": (round) => read(kept, order, round),
    ...Object.fromEntries(
      loaders.map((loader) => [loader, () => torch.ask({ loader }).then(({ seconds }) => seconds)]),
    ),
  };
  // What is kept is decoded now; everything has been read once before it is timed.
  for (const run of Object.values(contenders)) await run(0);
  const seconds = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, run] of Object.entries(contenders)) seconds[name].push(await run(round));
  }
  torch.stop();
  const speeds = Object.fromEntries(Object.entries(seconds).map(([name, all]) => [name, images / median(all)]));
  const best = Math.max(...loaders.map((loader) => speeds[loader]));
  for (const [name, speed] of Object.entries(speeds)) {
    console.log(
      `${name.padEnd(45)} ${speed.toFixed(0).padStart(6)} images/s  ${(speed / best).toFixed(2)} × PyTorch's best`,
    );
  }
  const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
  if (!values["no-record"]) appendResult({ bench: "data", images, speeds, seconds, rssMib, versions });
}

/** Packs the pictures once, beside them; returns the pack's folder. */
async function packOf(photos, data) {
  const out = `${photos}-packed`;
  if (existsSync(out)) return out;
  const began = performance.now();
  const recipe = { augmentation: { randomResizedCrop: PARTS } };
  const { bytes } = await packDataset({ data, source: photos, sizes: [SIZE], recipe, out });
  console.log(`packed in ${((performance.now() - began) / 1000).toFixed(0)} s: ${(bytes / 1e9).toFixed(1)} GB`);
  return out;
}

/** Seconds for an epoch of batches, some ahead. */
async function read(images, order, round) {
  const began = performance.now();
  const parts = { ...PARTS, key: [0, "augment", round] };
  // As training does, into the same memory again.
  const memory = Array.from({ length: AHEAD }, () => new Uint8Array(BATCH * SIZE * SIZE * 3));
  const coming = [];
  for (let from = 0; from < order.length; from += BATCH) {
    const batch = order.subarray(from, from + BATCH);
    const into = memory[(from / BATCH) % AHEAD].subarray(0, batch.length * SIZE * SIZE * 3);
    coming.push(images.readParts(batch, parts, into));
    if (coming.length === AHEAD) await coming.shift();
  }
  await Promise.all(coming);
  return (performance.now() - began) / 1000;
}
