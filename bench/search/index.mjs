// `npm run bench -- search --run RUN`: how good the children are that a search chooses, and what it costs in images. On a table of children
// judged on 23,000 images that nobody saw (kept in runs/bench-search), searches are repeated by seed: each draws as many validation images
// from these as the run has, and the others are the truth.
import { parseArgs } from "node:util";
import { permutation, random } from "../../dist/base/random.js";
import { table } from "../../dist/base/format.js";
import { openRun } from "../../dist/run/run.js";
import { meets, parseBudgets } from "../../dist/search/budget.js";
import { softened } from "../../dist/search/soft-accuracy.js";
import { idOf, smallest } from "../../dist/space/space.js";
import { appendResult } from "../results.mjs";
import { nestling, onceForAll, randomSearch } from "./contenders.mjs";
import { truthOf } from "./truth.mjs";

const options = {
  run: { type: "string" },
  children: { type: "string", default: "400" },
  seeds: { type: "string", default: "12" },
  /** Validation images of a search; the run's own number by default. */
  images: { type: "string" },
  budget: { type: "string", multiple: true, default: ["macs=1.5M", "macs=3M", "macs=5M"] },
  /** Takes the children that were judged before, and judges no others. */
  cached: { type: "boolean" },
  "no-record": { type: "boolean" },
};
/** Random children that once-for-all's predictor is trained on. */
const TRAINED = [20, 40, 80, 160];

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const run = await openRun(values.run);
  const budgets = parseBudgets(values.budget);
  const [seeds, images] = [Number(values.seeds), Number(values.images ?? run.validation.length)];
  const progress = (count) => count % 20 === 0 && console.log(`${count} children judged`);
  const children = await truthOf(run, Number(values.children), progress, { cached: values.cached });
  const searches = Array.from({ length: seeds }, (_, seed) => searchOf({ run, children, budgets, seed, images }));
  const contenders = { nestling: [] };
  for (const search of searches) contenders.nestling.push(await nestling(search));
  const spent = contenders.nestling.reduce((sum, found) => sum + found.images, 0) / seeds;
  contenders["random, as many images"] = searches.map((search) => randomSearch(search, spent));
  for (const count of TRAINED) {
    contenders[`once-for-all, ${count} children`] = searches.map((search) => onceForAll(search, count));
  }
  contenders["smallest child always"] = searches.map(() => ({ chosen: budgets.map(() => smallestOf(run)), images: 0 }));
  const rows = Object.entries(contenders).map(([name, found]) => ({ name, ...summary(searches, found) }));
  console.log(
    table(
      rows.map(({ name, regret, atMost, perBudget, below, images }) => ({
        search: name,
        regret: regret.toFixed(2),
        "at most": atMost.toFixed(2),
        ...Object.fromEntries(budgets.map(({ text }, i) => [text, perBudget[i].toFixed(2)])),
        "below the smallest": `${below} of ${seeds * budgets.length}`,
        images: `${Math.round(images)}`,
      })),
    ),
  );
  if (!values["no-record"]) {
    const what = { weights: run.weightsHash, children: children.length, seeds, validationImages: images };
    appendResult({ bench: "search", ...what, budgets: values.budget, rows });
  }
}

const smallestOf = ({ supernet: { space } }) => idOf(space, smallest(space));

/** One search's view of the table: hits on its validation images, and the truth on the others, whole and in two halves. */
function searchOf({ children, images, seed, ...rest }) {
  const order = permutation(children[0].hits.length, random("bench-search", seed));
  const [validation, others] = [order.slice(0, images), order.slice(images)];
  const halves = [0, 1].map((half) => others.filter((_, i) => i % 2 === half));
  return {
    ...{ ...rest, images, seed },
    children: children.map((child) => ({
      ...child,
      hits: Uint8Array.from(validation, (i) => child.hits[i]),
      softAccuracy: (count) =>
        validation.slice(0, count).reduce((sum, i) => sum + softened(child.probabilities[i] / 255), 0) /
        Math.max(1, count),
      truth: share(child.hits, others),
      halves: halves.map((half) => share(child.hits, half)),
    })),
  };
}

const share = (hits, images) => images.reduce((sum, i) => sum + hits[i], 0) / images.length;

/**
 * Regrets in points. `atMost` counts against the most accurate child on the images that are the truth, whose figure is inflated by chance;
 * `regret` picks the best child by one half of these images and counts on the other.
 */
function summary(searches, found) {
  const all = searches.flatMap(({ run, children, budgets }, seed) => {
    const least = children.find(({ id }) => id === smallestOf(run));
    return budgets.map((budget, b) => {
      const within = children.filter((child) => meets(budget, child));
      const chosen = children.find(({ id }) => id === found[seed].chosen[b]);
      const most = Math.max(...within.map(({ truth }) => truth));
      const across = [0, 1].map((half) => {
        const best = within.reduce((a, child) => (child.halves[half] > a.halves[half] ? child : a));
        return best.halves[1 - half] - chosen.halves[1 - half];
      });
      return {
        budget: b,
        regret: 50 * (across[0] + across[1]),
        atMost: 100 * (most - chosen.truth),
        isBelow: chosen.truth < least.truth,
      };
    });
  });
  const mean = (rows, of) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  return {
    regret: mean(all, ({ regret }) => regret),
    atMost: mean(all, ({ atMost }) => atMost),
    perBudget: searches[0].budgets.map((_, b) =>
      mean(
        all.filter((row) => row.budget === b),
        ({ regret }) => regret,
      ),
    ),
    below: all.filter(({ isBelow }) => isBelow).length,
    images: mean(found, ({ images }) => images),
  };
}
