/**
 * The truth table of a run: children judged on 23,000 unseen images. Both ends, the coarse grid, random children, and mutants of the best under
 * several budgets, so that it is dense where a search looks.
 */
import { random } from "../../dist/base/random.js";
import { featuresIn } from "../../dist/search/features.js";
import { coarseGrid } from "../../dist/search/grid.js";
import { planOf } from "../../dist/search/plan.js";
import { architectureOf, biggest, countArchitectures, idOf, mutate, sample, smallest } from "../../dist/space/space.js";
import { judgedIds, judgeOfUnseen } from "./judge-child.mjs";

/** The share of the children asked for that is drawn at random. */
const RANDOM_SHARE = 0.4;
/** Parents of mutants: the best of those that cost at most this share of the biggest child's MACs. */
const SHARES = [0.18, 0.36, 0.6, 1];

/**
 * @param count of children
 * @param onChild called with how many were judged
 * @param cached take the children that were judged before, and no others
 * @returns children `{ id, architecture, features, macs, parameters, hits, probabilities, isRandom }`, in a fixed order
 */
export async function truthOf(run, count, onChild, { cached = false } = {}) {
  const { space } = run.supernet;
  const judge = await judgeOfUnseen(run);
  const plan = (architecture) => planOf(run.supernet, architecture);
  const featuresOf = featuresIn(space, (architecture) => plan(architecture).macs);
  const table = new Map();
  const take = async (architecture, isRandom = false) => {
    const id = idOf(space, architecture);
    if (table.has(id)) return;
    const known = { id, architecture, isRandom, features: featuresOf(architecture), ...plan(architecture) };
    table.set(id, { ...known, ...(await judge(architecture)) });
    onChild(table.size);
  };
  if (cached) {
    const drawn = new Set(Array.from({ length: RANDOM_SHARE * 400 }, (_, i) => idOf(space, randomChild(space, i))));
    for (const id of judgedIds(run)) await take(architectureOf(space, id), drawn.has(id));
    return [...table.values()];
  }
  for (const architecture of [smallest(space), biggest(space), ...coarseGrid(space)]) await take(architecture);
  for (let i = 0; i < RANDOM_SHARE * count; i++) await take(randomChild(space, i), true);
  // A small space is judged whole: mutants that are new become rare.
  if (count >= countArchitectures(space)) {
    for (let i = 0; i < countArchitectures(space); i++) await take(architectureOf(space, i.toString(36)));
  }
  const most = Math.max(...[...table.values()].map(({ macs }) => macs));
  for (let i = 0; table.size < count && i < 100 * count; i++) {
    const limit = SHARES[i % SHARES.length] * most;
    const within = [...table.values()].filter(({ macs }) => macs <= limit);
    const parents = within.sort((a, b) => correct(b) - correct(a)).slice(0, 8);
    const draw = random("truth", "mutant", i);
    const mutant = mutate(space, draw.pick(parents).architecture, 0.2, draw);
    if (plan(mutant).macs <= limit) await take(mutant);
  }
  return [...table.values()];
}

const randomChild = (space, i) => sample(space, random("truth", "random", i));
const correct = ({ hits }) => hits.reduce((sum, hit) => sum + hit, 0);
