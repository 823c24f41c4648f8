/** Proposals on a device whose kinds of layer have costs of their own, by a profile and by what a search learns from its grid. */
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { fitAccuracyModel } from "../../../src/search/accuracy-model.js";
import { meets, parseBudget } from "../../../src/search/budget.js";
import { featuresIn } from "../../../src/search/features.js";
import { coarseGrid } from "../../../src/search/grid.js";
import { fitLatencyModel, type LatencyModel } from "../../../src/search/latency-model.js";
import { planOf, type Plan } from "../../../src/search/plan.js";
import { fitCosts } from "../../../src/search/profile/cost-model.js";
import { profiledModel } from "../../../src/search/profile/profiled-model.js";
import { propose, type Judged } from "../../../src/search/propose.js";
import { idOf, sample, smallest, type Architecture } from "../../../src/space/space.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";

const space = await loadSpace("fixtures/spaces/tiny.json");
const supernet = buildSupernet(space);
const plan = (architecture: Architecture): Plan => planOf(supernet, architecture);
const child = (architecture: Architecture) => ({ id: idOf(space, architecture), ...plan(architecture) });
const featuresOf = featuresIn(space, (architecture) => plan(architecture).macs);

/** Depthwise 5x5 is dear and 3x3 is free: the work of a child as a whole doesn't tell which it has. */
const msOf = ({ layers }: Pick<Plan, "layers">): number =>
  1 + 1e-4 * (layers["conv 1x1 macs"] ?? 0) + 8e-4 * (layers["depthwise 5x5 macs"] ?? 0);
const timed = (architecture: Architecture, slower = 1) => {
  const of = child(architecture);
  return { ...of, latencyMs: slower * msOf(of) };
};
const { costs } = fitCosts(Array.from({ length: 40 }, (_, i) => timed(sample(space, random("profiled", i)))));

/** What a search has judged when it begins to propose. */
const judged = coarseGrid(space).map((architecture): Judged => ({ architecture, ...timed(architecture) }));
const difficulty = Array.from({ length: 600 }, (_, i) => random("difficulty", i).next());
const model = fitAccuracyModel(
  judged.map(({ architecture, macs }) => {
    const accuracy = 0.7 + 0.05 * Math.log(macs / 1e4);
    const hits = Uint8Array.from(difficulty, (value) => (value < accuracy ? 1 : 0));
    return { features: featuresOf(architecture), hits, softAccuracy: accuracy };
  }),
);
const grid = judged.map(({ architecture }) => timed(architecture));
const limits = [1.5, 2, 2.5].map((times) =>
  parseBudget(`latency=${(times * msOf(plan(smallest(space)))).toFixed(3)}ms`),
);

/** How many of 90 proposals miss the budget that they are made for. */
function missedBy(first: LatencyModel): number {
  const proposals = limits.flatMap((budget) =>
    Array.from({ length: 30 }, (_, seed) =>
      propose(
        {
          ...{ space, judged, budgets: [budget], model, plan, precisions: ["float32"] },
          featuresOf: ({ architecture }) => featuresOf(architecture),
          latencyOf: () => ({ first, others: {} }),
        },
        random(seed, "propose"),
      ),
    ),
  );
  const made = proposals.filter((proposal) => proposal !== undefined);
  expect(made.length).toBeGreaterThan(60);
  return made.filter(({ architecture, budget }) => !meets(budget, { ...plan(architecture), ...timed(architecture) }))
    .length;
}

test("fewer children are judged in vain: proposals by a profile hardly ever miss the budget, those by the grid often do", () => {
  const byGrid = missedBy(fitLatencyModel(grid));
  const byProfile = missedBy(profiledModel(costs, grid));
  expect(byGrid).toBeGreaterThan(15);
  expect(byProfile).toBeLessThan(byGrid / 4);
});

test("the device may be at another speed than it was profiled at, and its error is the one on what the search measured", () => {
  const exact = profiledModel(costs, grid);
  expect(exact.error).toBeLessThan(0.02);
  const slow = profiledModel(
    costs,
    judged.map(({ architecture }) => timed(architecture, 3)),
  );
  for (const one of grid) expect(slow.predict(one) / one.latencyMs).toBeCloseTo(3, 0);
  expect(slow.error).toBeCloseTo(exact.error, 9);
  const off = grid.map((one, i) => ({ ...one, latencyMs: one.latencyMs * (i % 2 === 0 ? 1.2 : 0.8) }));
  expect(profiledModel(costs, off).error).toBeGreaterThan(0.15);
});
