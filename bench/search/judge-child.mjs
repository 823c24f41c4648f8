/** What one child makes of each unseen image, kept in a folder outside git: judged once, read ever after. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiler } from "../../dist/compile/compile-child.js";
import { logitsOf, topOne } from "../../dist/evaluate/accuracy.js";
import { blockOf } from "../../dist/run/run.js";
import { probabilityOf } from "../../dist/search/soft-accuracy.js";
import { idOf } from "../../dist/space/space.js";
import { localTarget } from "../../dist/target/local.js";
import { withModel } from "../../dist/target/target.js";
import { unseenImages } from "../unseen.mjs";

/** Leaves 20,000 for the truth beside the 3,000 that a search draws. */
const UNSEEN = 23_000;

/**
 * @param run as `openRun` gives it
 * @returns architecture → for each unseen image `hits`, 1 where its top-1 class is right, and `probabilities` of its own class × 255
 */
export async function judgeOfUnseen(run) {
  const folder = folderOf(run);
  mkdirSync(folder, { recursive: true });
  const { compile } = compiler(run, { recalibrationImages: 2000 });
  const { data, part, indices, labels } = await unseenImages(run, UNSEEN);
  const imagesAt = (resolution) => ({ ...blockOf({ data }, part, indices, resolution), labels });
  return async (architecture) => {
    const path = join(folder, idOf(run.supernet.space, architecture));
    const [hitsFile, softFile] = [`${path}.hits`, `${path}.soft`];
    if (!existsSync(hitsFile)) {
      const { bytes } = await compile(architecture);
      const { hits, probabilities } = await judge(bytes, imagesAt(architecture.resolution));
      // The hits last: where they are, all is.
      keep(softFile, probabilities);
      keep(hitsFile, hits);
    }
    return { hits: readFileSync(hitsFile), probabilities: readFileSync(softFile) };
  };
}

const folderOf = (run) => join("runs/bench-search", run.weightsHash.slice(0, 16));

/** Ids of the children judged before, in a fixed order. */
export const judgedIds = (run) =>
  readdirSync(folderOf(run))
    .filter((name) => name.endsWith(".hits"))
    .map((name) => name.replace(".hits", ""))
    .sort();

async function judge(bytes, images) {
  const [hits, probabilities] = [new Uint8Array(images.count), new Uint8Array(images.count)];
  await withModel(localTarget({ threads: 1 }), bytes, async (model) => {
    for await (const { from, rows, logits } of logitsOf(model, images)) {
      const classes = logits.length / rows;
      topOne(logits, rows).forEach((top, row) => {
        const label = images.labels[from + row];
        hits[from + row] = Number(top === label);
        const own = logits.subarray(row * classes, (row + 1) * classes);
        probabilities[from + row] = Math.round(255 * probabilityOf(own, label));
      });
    }
  });
  return { hits, probabilities };
}

function keep(file, bytes) {
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
}
