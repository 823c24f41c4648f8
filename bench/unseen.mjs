/** Official Fashion-MNIST images that neither training nor search of a run has seen. */
import { loadDataset } from "../dist/data/load.js";

const wishes = { size: 28, channels: 1 };
const FIXTURE = "fixtures/fashion-mnist";
/** Training images of each class that the fixture takes, in file order: scripts/make-fashion-fixture.mjs. */
const FIXTURE_PER_CLASS = 1000;
const CLASSES = 10;

/**
 * @param run as `openRun` gives it, trained on the fixture or on the official set
 * @param count at most so many, each class in equal shares
 * @returns the official data normalised as the run's, the part of it and the indices that the run has not seen, and their labels
 */
export async function unseenImages(run, count) {
  const official = await loadDataset("fashion-mnist", wishes);
  const isOfficial = run.data.fingerprint === official.fingerprint;
  if (!isOfficial && run.data.fingerprint !== (await loadDataset(FIXTURE, wishes)).fingerprint) {
    throw new Error(`${run.folder} was trained on neither ${FIXTURE} nor fashion-mnist`);
  }
  const [part, from] = isOfficial ? ["test", 0] : ["train", FIXTURE_PER_CLASS];
  const seen = Array(CLASSES).fill(0);
  const indices = Uint32Array.from(official[part].labels.keys()).filter((i) => {
    const before = seen[official[part].labels[i]]++;
    return before >= from && before < from + count / CLASSES;
  });
  const { mean, std, evaluation } = run.data;
  const data = { ...official, mean, std, ...(evaluation && { evaluation }) };
  return { data, part, indices, labels: indices.map((i) => official[part].labels[i]) };
}
