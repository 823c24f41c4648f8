// Makes fixtures/fashion-mnist from the official files: of each class the first 1,000 training and 200 test images, in file order.
// classes.txt beside them is written by hand.
// Usage: node scripts/make-fashion-fixture.mjs [FOLDER], by default where Debian's package dataset-fashion-mnist puts them.
import { readFile, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";

const from = process.argv[2] ?? "/usr/share/datasets/fashion-mnist";
for (const [part, perClass] of [
  ["train", 1000],
  ["t10k", 200],
]) {
  const read = async (name) => gunzipSync(await readFile(`${from}/${name}.gz`));
  const [images, labels] = [await read(`${part}-images-idx3-ubyte`), await read(`${part}-labels-idx1-ubyte`)];
  const taken = Array(10).fill(0);
  const chosen = [...labels.subarray(8).keys()].filter((i) => taken[labels[8 + i]]++ < perClass);
  const header = (bytes, length) => {
    const copy = Buffer.from(bytes.subarray(0, length));
    copy.writeUInt32BE(chosen.length, 4);
    return copy;
  };
  const write = (name, parts) =>
    writeFile(`fixtures/fashion-mnist/${name}.gz`, gzipSync(Buffer.concat(parts), { level: 9 }));
  const pixels = chosen.map((i) => images.subarray(16 + 784 * i, 16 + 784 * (i + 1)));
  await write(`${part}-images-idx3-ubyte`, [header(images, 16), ...pixels]);
  await write(`${part}-labels-idx1-ubyte`, [header(labels, 8), Buffer.from(chosen.map((i) => labels[8 + i]))]);
}
