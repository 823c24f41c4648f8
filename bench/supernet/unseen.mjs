// Official Fashion-MNIST images that neither training nor search of a run has seen.
import { loadDataset } from "../../dist/index.js";

/** Training images of each class that the fixture takes, in file order: scripts/make-fashion-fixture.mjs. */
const IN_FIXTURE = 1000;

/**
 * @param run of the fixture: then training images that the fixture leaves out; of the official set: its test images
 * @returns images, and indices of at most `count` of them
 */
export async function unseenImages(run, count) {
  const official = await loadDataset("fashion-mnist", { size: 28, channels: 1 });
  if (run.data.fingerprint === official.fingerprint) return firstOf(official.test, [...official.test.labels.keys()], count);
  const taken = new Map();
  const left = [...official.train.labels.keys()].filter((index) => {
    const label = official.train.labels[index];
    taken.set(label, (taken.get(label) ?? 0) + 1);
    return taken.get(label) > IN_FIXTURE;
  });
  return firstOf(official.train, left, count);
}

const firstOf = (images, indices, count) => ({ images, indices: Uint32Array.from(indices.slice(0, count)) });
