// `npm run bench -- memory`: training and search on pictures that take four times as much decoded as the process may have. See bench/README.md.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { loadDataset, loadRecipe, loadSpace, packDataset, random } from "../../dist/index.js";
import { appendResult } from "../results.mjs";
import { runLimited } from "./limit.mjs";

const root = join(import.meta.dirname, "../..");
const MIB = 2 ** 20;
/** Decoded, the pictures take so many times the limit. */
const TIMES = 4;
/** A small network: pictures are what is measured. */
const SPACE = "fixtures/spaces/tiny.json";
const WIDTH = 800;
const HEIGHT = 625;
/** The others are copies of these. */
const DIFFERENT = 110;
/** Parts so small that training keeps the pictures whole. */
const RECIPE = { name: "parts", batch: 64, normGroup: 32, augmentation: { randomResizedCrop: { scale: [0.0005, 1] } } };

const options = {
  limit: { type: "string", default: "1024" },
  epochs: { type: "string", default: "8" },
  json: { type: "boolean" },
  "no-record": { type: "boolean" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const [limit, epochs] = [Number(values.limit) * MIB, Number(values.epochs)];
  const folder = mkdtempSync(join(tmpdir(), "nestling-bench-memory-"));
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  try {
    const pictures = Math.ceil((TIMES * limit) / (WIDTH * HEIGHT * 3));
    const photos = await makePictures(join(folder, "photos"), pictures);
    const recipe = join(folder, "recipe.json");
    writeFileSync(recipe, JSON.stringify(RECIPE));
    const pack = join(folder, "pack");
    const space = join(folder, "space.json");
    writeFileSync(space, JSON.stringify({ ...JSON.parse(readFileSync(join(root, SPACE), "utf8")), channels: 3 }));
    const { resolutions: sizes } = await loadSpace(space);
    const data = await loadDataset(photos, { size: sizes.at(-1), channels: 3, images: "stream" });
    await packDataset({ data, source: photos, sizes, recipe: await loadRecipe(recipe), out: pack });
    const run = (name, source, bytes) =>
      runLimited("train.mjs", { source, recipe, space, out: join(folder, name), epochs }, bytes);
    const runs = {
      "all in memory, no limit": await run("memory", photos),
      "from the pictures": await run("limited", photos, limit),
      "from the pack": await run("packed", pack, limit),
    };
    const figures = { pictures, limit, epochs, runs };
    if (values.json) return console.log(JSON.stringify(figures));
    print(figures);
    if (!values["no-record"]) appendResult({ bench: "memory", ...figures });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print({ pictures, limit, runs }) {
  console.log(`${pictures} pictures of ${WIDTH} × ${HEIGHT}, limit ${limit / MIB} MiB`);
  for (const [name, { rss, afterSearch, limited, weights, search }] of Object.entries(runs)) {
    const [, ...later] = rss;
    const spread = Math.max(...later) / Math.min(...later) - 1;
    const mib = (bytes) => (bytes / MIB).toFixed(0);
    console.log(
      `${name.padEnd(30)} RSS after each epoch ${rss.map(mib).join(" ")} MiB: within ${(100 * spread).toFixed(1)} %, after the search ${mib(afterSearch)}; ` +
        `${limited ? "limited" : "not limited"}; weights ${weights.slice(0, 8)}, search ${search.slice(0, 8)}`,
    );
  }
}

async function makePictures(folder, count) {
  for (let i = 0; i < 10; i++) mkdirSync(join(`${folder}.unfinished`, `class-${i}`), { recursive: true });
  const made = [];
  for (let i = 0; i < DIFFERENT; i++) {
    const draw = random(0, "picture", i);
    const coarse = Buffer.from(Array.from({ length: 75 }, () => draw.integer(256)));
    const picture = sharp(coarse, { raw: { width: 5, height: 5, channels: 3 } }).resize(WIDTH, HEIGHT, { fit: "fill" });
    made.push(await picture.jpeg({ quality: 60 }).toBuffer());
  }
  for (let i = 0; i < count; i++)
    writeFileSync(join(`${folder}.unfinished`, `class-${i % 10}`, `${i}.jpg`), made[i % DIFFERENT]);
  renameSync(`${folder}.unfinished`, folder);
  return folder;
}
