/** Images that a run has never seen: official Fashion-MNIST training images beyond the fixture, which holds the first 1,000 of each class. */
import { loadDataset } from "../../dist/data/load.js";

const FIXTURE = "fixtures/fashion-mnist";
const FIXTURE_PER_CLASS = 1000;
const CLASSES = 10;

/**
 * @param run as `openRun` gives it, trained on the fixture
 * @param folder of the official files, by default of Debian's package dataset-fashion-mnist
 * @returns the official data normalised as the run's, the indices of the first `count` that the run has not seen, and their labels
 */
export async function unseenImages(run, count, folder = "/usr/share/datasets/fashion-mnist") {
  if (run.description.data.source !== FIXTURE) throw new Error(`${run.folder} was not trained on ${FIXTURE}`);
  const official = await loadDataset(`fashion-mnist:${folder}`, { size: 28, channels: 1 });
  const perClass = FIXTURE_PER_CLASS + count / CLASSES;
  const seen = Array(CLASSES).fill(0);
  const indices = [...official.train.labels.keys()].filter((i) => {
    const before = seen[official.train.labels[i]]++;
    return before >= FIXTURE_PER_CLASS && before < perClass;
  });
  const data = { ...official, mean: run.data.mean, std: run.data.std };
  return { data, indices, labels: indices.map((i) => official.train.labels[i]) };
}
