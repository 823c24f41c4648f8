// `npm run bench -- supernet`: what the children that a recipe trains are worth. See README.md beside it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDataset, loadRecipe, loadSpace, openRun, train } from "../../dist/index.js";
import { openCheckpoint } from "../../dist/checkpoint/checkpoint.js";
import { appendResult } from "../results.mjs";
import { trainAlone } from "./alone.mjs";
import { judgeOn, subjectsOf } from "./judge.mjs";
import { distancesFrom, mean } from "./line.mjs";
import { unseenImages } from "../unseen.mjs";

const options = {
  recipe: { type: "string", default: "short" },
  space: { type: "string", default: "fashion" },
  data: { type: "string", default: "fixtures/fashion-mnist" },
  /** Passes over the training images; the recipe's by default. */
  epochs: { type: "string" },
  seed: { type: "string", multiple: true, default: ["0"] },
  threads: { type: "string" },
  /** Random children that are judged. */
  children: { type: "string", default: "40" },
  /** How many of these are trained alone too. */
  alone: { type: "string", default: "5" },
  /** Images that nobody saw. */
  unseen: { type: "string", default: "20000" },
  /** Judges a finished run instead of training. */
  run: { type: "string" },
  "no-record": { type: "boolean" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const folder = mkdtempSync(join(tmpdir(), "nestling-supernet-"));
  const threads = values.threads ? { threads: Number(values.threads) } : {};
  try {
    if (values.run) return await measure(values.run, { ...values, threads, folder });
    for (const seed of values.seed.map(Number)) {
      const out = join(folder, `seed-${seed}`);
      const { seconds } = await trainSupernet(out, { ...values, threads, seed });
      await measure(out, { ...values, threads, folder }, seconds);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function trainSupernet(out, { space: name, data: source, recipe, epochs, seed, threads }) {
  const space = await loadSpace(name);
  const data = await loadDataset(source, { size: space.resolutions.at(-1), channels: space.channels });
  const chosen = await loadRecipe(recipe);
  const long = epochs ? { ...chosen, epochs: Number(epochs) } : chosen;
  return train({ space, data, source, recipe: long, seed, out, ...threads, onStep: progress("train") });
}

async function measure(out, values, seconds) {
  const run = await openRun(out);
  const { position } = await openCheckpoint(join(out, "checkpoint"));
  const unseen = await unseenImages(run, Number(values.unseen));
  const subjects = subjectsOf(run.supernet.space, Number(values.children));
  const judge = judgeOn(run, unseen);
  const children = [];
  for (const architecture of subjects) {
    children.push(await judge(architecture));
    progress("judge")(children.length, subjects.length);
  }
  const [smallest, biggest, ...randomOnes] = children;
  const distances = distancesFrom(smallest, biggest, randomOnes);
  const alone = [];
  for (const { id, architecture, macs, accuracy } of randomOnes.slice(0, Number(values.alone))) {
    const options = {
      recipe: position.recipe,
      threads: values.threads,
      out: join(values.folder, `alone-${id}`),
      unseen,
    };
    alone.push({ id, macs, supernet: accuracy, alone: await trainAlone(run, architecture, options) });
    progress("alone")(alone.length, Number(values.alone));
  }
  print({ run, recipe: position.recipe, seconds, smallest, biggest, randomOnes, distances, alone });
  if (values["no-record"]) return;
  const { description, supernet, steps } = run;
  appendResult({
    ...{ bench: "supernet", space: supernet.space.name, recipe: position.recipe, data: description.data.source },
    ...{ seed: description.seed, steps, seconds, engine: position.engine, unseenImages: unseen.indices.length },
    children: children.map(({ id, macs, accuracy }) => ({ id, macs, accuracy })),
    ...{ distance: mean(distances), alone },
  });
}

function print({ run, recipe, seconds, smallest, biggest, randomOnes, distances, alone }) {
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const points = (difference) => `${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(2)}`;
  const row = (name, { macs, accuracy }, rest = "") =>
    `${name.padEnd(12)} ${(macs / 1e6).toFixed(2).padStart(6)} M MACs  ${percent(accuracy)}  ${rest}`;
  const sorted = randomOnes.map((child, i) => ({ ...child, distance: distances[i] })).sort((a, b) => a.macs - b.macs);
  const lines = [
    `${run.supernet.space.name}, recipe ${recipe.name}, seed ${run.description.seed}, ${run.steps} steps${seconds ? `, ${Math.round(seconds)} s` : ""}`,
    row("smallest", smallest),
    ...sorted.map((child) => row(child.id, child, points(child.distance))),
    row("biggest", biggest),
    `random children: ${points(mean(distances))} points from the line on average (${points(Math.min(...distances))} to ${points(Math.max(...distances))})`,
    ...alone.map(({ id, macs, supernet, alone: own }) =>
      row(id, { macs, accuracy: supernet }, `alone ${percent(own)} (${points(own - supernet)})`),
    ),
  ];
  console.log(lines.join("\n"));
}

/** One line on stderr. */
const progress = (what) => (done, total) =>
  process.stderr.write(`\r${what} ${done} of ${total}  ${done === total ? "\n" : ""}`);
