// Pictures as cameras and the web have them, as far as a decoder can tell: colours that change slowly, edges, and grain, in JPEGs of about 3 bits a pixel.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { random } from "../../dist/base/random.js";

const WIDTH = 500;
const HEIGHT = 375;
const CLASSES = 10;
/** Pixels of the coarse picture that is enlarged. */
const COARSE = [25, 19];

/** Makes the pictures in class folders, once; returns the folder. */
export async function makePhotos(folder, count) {
  const place = join(folder, `photos-${count}`);
  if (existsSync(place)) return place;
  const unfinished = `${place}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  for (let i = 0; i < CLASSES; i++) mkdirSync(join(unfinished, `class-${i}`), { recursive: true });
  const grain = grainOf(random(0, "grain"));
  for (let i = 0; i < count; i++)
    writeFileSync(join(unfinished, `class-${i % CLASSES}`, `${i}.jpg`), await photo(i, grain));
  renameSync(unfinished, place);
  return place;
}

async function photo(index, grain) {
  const draw = random(0, "photo", index);
  const [width, height] = COARSE;
  const coarse = Buffer.from(Array.from({ length: width * height * 3 }, () => draw.integer(256)));
  const kernel = draw.next() < 0.5 ? "nearest" : "cubic";
  const shift = draw.integer(1000) * 3;
  const noise = grain.subarray(shift, shift + WIDTH * HEIGHT * 3);
  return sharp(coarse, { raw: { width, height, channels: 3 } })
    .resize(WIDTH, HEIGHT, { kernel, fit: "fill" })
    .composite([{ input: noise, raw: { width: WIDTH, height: HEIGHT, channels: 3 }, blend: "soft-light" }])
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** Normal noise around grey. */
function grainOf(draw) {
  const values = Buffer.alloc(WIDTH * HEIGHT * 3 + 3000);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, Math.min(255, Math.round(128 + 24 * draw.normal())));
  return values;
}
