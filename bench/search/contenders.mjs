/** Ways to choose a child for each budget, on a table: each returns the ids chosen, in the budgets' order, and how many images it judged. */
import { permutation, random } from "../../dist/base/random.js";
import { meets } from "../../dist/search/budget.js";
import { cholesky, dot, matrixOf, solveBy } from "../../dist/search/cholesky.js";
import { coarseToFine } from "../../dist/search/coarse-to-fine.js";
import { decide } from "../../dist/search/decide.js";
import { screeningImagesOf } from "../../dist/search/validation.js";
import { idOf, smallest } from "../../dist/space/space.js";

/** Our search as it ships; only judging reads the table, and proposals come from it. */
export async function nestling({ run, children, budgets, seed, images }) {
  const { space } = run.supernet;
  const byId = new Map(children.map((child) => [child.id, child]));
  const screeningImages = screeningImagesOf(images);
  let judged = 0;
  const state = await coarseToFine({
    ...{ space, budgets, seed, fineCandidates: 24 },
    pool: children.map(({ architecture }) => architecture),
    plan: (architecture) => byId.get(idOf(space, architecture)),
    screen: async ({ architecture }) => {
      const { id, macs, parameters, hits, softAccuracy } = byId.get(idOf(space, architecture));
      const isWithin = budgets.some((budget) => meets(budget, { macs, parameters }));
      const seen = isWithin ? screeningImages : 0;
      judged += seen;
      return { id, architecture, macs, parameters, hits: hits.subarray(0, seen), softAccuracy: softAccuracy(seen) };
    },
    finish: async (finalists) => {
      judged += finalists.length * (images - screeningImages);
      return finalists.map((child) => ({ ...child, hits: byId.get(child.id).hits }));
    },
  });
  const decisions = decide(state, budgets, [idOf(space, smallest(space))]);
  return { chosen: decisions.map(({ id }) => id), images: judged };
}

/** The most accurate of random children, the smallest among them, on all validation images: as many children as `images` allow. */
export function randomSearch({ run, children, budgets, seed, images }, spent) {
  const first = idOf(run.supernet.space, smallest(run.supernet.space));
  const drawn = shuffled(
    children.filter(({ isRandom }) => isRandom),
    seed,
  ).slice(0, Math.round(spent / images) - 1);
  const judged = [children.find(({ id }) => id === first), ...drawn];
  const chosen = budgets.map((budget) => {
    const within = judged.filter((child) => meets(budget, child));
    return within.reduce((best, child) => (share(child) > share(best) ? child : best)).id;
  });
  return { chosen, images: judged.length * images };
}

/**
 * Once-for-all's procedure (Cai et al. 2020): an accuracy predictor on one-hot choices, here ridge regression with its weight by leave-one-out,
 * trained on random children that saw all images; its best under each budget is chosen. On a table, evolution finds exactly that.
 */
export function onceForAll({ children, budgets, seed, images }, count) {
  const trained = shuffled(
    children.filter(({ isRandom }) => isRandom),
    seed,
  ).slice(0, count);
  const encode = oneHotOf(children);
  const predict = ridge(trained.map(encode), Float64Array.from(trained, share));
  const chosen = budgets.map((budget) => {
    const within = children.filter((child) => meets(budget, child));
    const predicted = within.map((child) => predict(encode(child)));
    return within[predicted.indexOf(Math.max(...predicted))].id;
  });
  return { chosen, images: trained.length * images };
}

const share = ({ hits }) => hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
const shuffled = (list, seed) => [...permutation(list.length, random("bench", seed))].map((i) => list[i]);

/** A column for every value that a feature takes; the last feature, MACs, follows from the others and is left out. */
function oneHotOf(children) {
  const count = children[0].features.values.length - 1;
  const columns = Array.from({ length: count }, (_, k) => [
    ...new Set(children.map(({ features }) => features.values[k])),
  ]);
  return ({ features }) =>
    Float64Array.from(columns.flatMap((values, k) => values.map((value) => Number(features.values[k] === value))));
}

/** Kernel ridge regression; its weight is that of the least leave-one-out error. */
function ridge(inputs, targets) {
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  const residuals = targets.map((target) => target - mean);
  const fits = [0.1, 0.3, 1, 3, 10, 30, 100].map((weight) => {
    const lower = cholesky(
      matrixOf(inputs.length, inputs.length, (i, j) => dot(inputs[i], inputs[j]) + (i === j ? weight : 0)),
    );
    const weights = solveBy(lower, residuals);
    const inverse = inputs.map(
      (_, i) =>
        solveBy(
          lower,
          Float64Array.from(inputs, (__, j) => Number(i === j)),
        )[i],
    );
    return { weights, error: weights.reduce((sum, value, i) => sum + (value / inverse[i]) ** 2, 0) };
  });
  const { weights } = fits.reduce((best, fit) => (fit.error < best.error ? fit : best));
  return (input) => mean + inputs.reduce((sum, other, i) => sum + weights[i] * dot(other, input), 0);
}
