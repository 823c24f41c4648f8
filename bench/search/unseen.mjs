/** Images that a run has never seen: official Fashion-MNIST training images beyond the fixture, which holds the first 1,000 of each class. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const FIXTURE_PER_CLASS = 1000;

/**
 * @param {string} folder of the official files, by default of Debian's package dataset-fashion-mnist
 * @returns the first `count` images that the fixture lacks, each class in equal shares, as `Images`
 */
export function unseenImages(count, folder = "/usr/share/datasets/fashion-mnist") {
  const read = (name) => gunzipSync(readFileSync(`${folder}/train-${name}-ubyte.gz`));
  const labels = read("labels-idx1").subarray(8);
  const pixels = read("images-idx3").subarray(16);
  const perClass = FIXTURE_PER_CLASS + count / 10;
  const seen = Array(10).fill(0);
  const taken = [...labels.keys()].filter((i) => {
    const before = seen[labels[i]]++;
    return before >= FIXTURE_PER_CLASS && before < perClass;
  });
  const size = 28 * 28;
  const images = new Uint8Array(taken.length * size);
  taken.forEach((from, to) => images.set(pixels.subarray(size * from, size * (from + 1)), size * to));
  return {
    ...{ count: taken.length, height: 28, width: 28, channels: 1 },
    ...{ pixels: images, labels: Uint16Array.from(taken, (i) => labels[i]) },
  };
}
