/** One child's hits on the unseen images, kept in a folder outside git: judged once, read ever after. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockOf } from "../../dist/run/run.js";
import { compiler } from "../../dist/compile/compile-child.js";
import { logitsOf, topOne } from "../../dist/evaluate/accuracy.js";
import { idOf } from "../../dist/space/space.js";
import { localTarget } from "../../dist/target/local.js";
import { withModel } from "../../dist/target/target.js";
import { unseenImages } from "./unseen.mjs";

export const UNSEEN = 20_000;

/** @param run as `openRun` gives it @returns architecture → a byte for each unseen image, 1 where its top-1 class is right */
export function judgeOfUnseen(run) {
  const folder = join("runs/bench-search", run.weightsHash.slice(0, 16));
  mkdirSync(folder, { recursive: true });
  const { compile } = compiler(run, { recalibrationImages: 2000 });
  const blocks = new Map();
  const imagesAt = (resolution) => {
    if (!blocks.has(resolution)) {
      const images = unseenImages(UNSEEN);
      const block = blockOf(run, images, [...images.labels.keys()], resolution);
      blocks.set(resolution, { ...block, labels: images.labels });
    }
    return blocks.get(resolution);
  };
  return async (architecture) => {
    const file = join(folder, `${idOf(run.supernet.space, architecture)}.hits`);
    if (existsSync(file)) return new Uint8Array(readFileSync(file));
    const { bytes } = await compile(architecture);
    const images = imagesAt(architecture.resolution);
    const hits = new Uint8Array(images.count);
    const soft = new Uint8Array(images.count);
    await withModel(localTarget({ threads: 1 }), bytes, async (model) => {
      for await (const { from, rows, logits } of logitsOf(model, images)) {
        const classes = logits.length / rows;
        topOne(logits, rows).forEach((top, row) => {
          hits[from + row] = Number(top === images.labels[from + row]);
          const own = logits.subarray(row * classes, (row + 1) * classes);
          const most = Math.max(...own);
          const p = Math.exp(own[images.labels[from + row]] - most) / own.reduce((s, x) => s + Math.exp(x - most), 0);
          soft[from + row] = Math.round(255 * p);
        });
      }
    });
    writeFileSync(file.replace(".hits", ".soft"), soft);
    writeFileSync(`${file}.${process.pid}`, hits);
    renameSync(`${file}.${process.pid}`, file);
    return hits;
  };
}
