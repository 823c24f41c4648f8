/**
 * The truth table of a run: at least 400 children, each judged on 20,000 unseen images. Both ends, the coarse grid, random children, and
 * mutants of the best under several budgets, so that it is dense where a search looks.
 */
import { random } from "../../dist/base/random.js";
import { coarseGrid } from "../../dist/search/grid.js";
import { planOf } from "../../dist/search/plan.js";
import { biggest, idOf, mutate, sample, smallest } from "../../dist/space/space.js";
import { judgeOfUnseen } from "./judge-child.mjs";

const RANDOM = 160;
const MUTANTS = 240;
/** Parents of mutants: the best of those that cost at most this share of the biggest child's MACs. */
const SHARES = [0.15, 0.25, 0.4, 0.6, 1];

/** @returns children `{ id, architecture, macs, parameters, hits }`, in a fixed order */
export async function truthOf(run, onChild = () => {}) {
  const { space } = run.supernet;
  const judge = judgeOfUnseen(run);
  const table = new Map();
  const take = async (architecture) => {
    const id = idOf(space, architecture);
    if (table.has(id)) return;
    const { macs, parameters } = planOf(run.supernet, architecture);
    table.set(id, { id, architecture, macs, parameters, hits: await judge(architecture) });
    onChild(table.size);
  };
  for (const architecture of [smallest(space), biggest(space), ...coarseGrid(space)]) await take(architecture);
  for (let i = 0; i < RANDOM; i++) await take(sample(space, random("truth", "random", i)));
  const most = Math.max(...[...table.values()].map(({ macs }) => macs));
  for (let i = 0; i < MUTANTS; i++) {
    const limit = SHARES[i % SHARES.length] * most;
    const within = [...table.values()].filter(({ macs }) => macs <= limit);
    const parents = within.sort((a, b) => correct(b) - correct(a)).slice(0, 8);
    const draw = random("truth", "mutant", i);
    for (let tries = 0; tries < 100; tries++) {
      const mutant = mutate(space, draw.pick(parents).architecture, 0.2, draw);
      if (table.has(idOf(space, mutant)) || planOf(run.supernet, mutant).macs > limit) continue;
      await take(mutant);
      break;
    }
  }
  return [...table.values()];
}

const correct = ({ hits }) => hits.reduce((sum, hit) => sum + hit, 0);
