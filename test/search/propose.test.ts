import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { biggest, idOf, sample, smallest, type Architecture } from "../../src/space/space.js";
import { fitAccuracyModel } from "../../src/search/accuracy-model.js";
import { mayMeet, parseBudget, type Budget } from "../../src/search/budget.js";
import { featuresIn } from "../../src/search/features.js";
import { planOf } from "../../src/search/plan.js";
import { propose, type Judged } from "../../src/search/propose.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { buildSupernet } from "../../src/supernet/supernet.js";

const space = await loadSpace("fashion");
const supernet = buildSupernet(space);
const plan = (architecture: Architecture) => planOf(supernet, architecture);
const featuresOf = featuresIn(space, (architecture) => plan(architecture).macs);
/** A machine that takes 1 ms for a million MACs. */
const latency = {
  predict: ({ work }: Pick<ReturnType<typeof plan>, "work">) => (work.denseMacs + work.depthwiseMacs) / 1e6,
  error: 0.1,
};

/** Judged children whose accuracy grows with MACs. */
const architectures = [
  smallest(space),
  biggest(space),
  ...Array.from({ length: 18 }, (_, i) => sample(space, random(i))),
];
const judged = architectures.map((architecture): Judged => {
  const { macs, parameters } = plan(architecture);
  return { id: idOf(space, architecture), architecture, macs, parameters, latencyMs: macs / 1e6 };
});
const difficulty = Array.from({ length: 600 }, (_, i) => random("difficulty", i).next());
const model = fitAccuracyModel(
  judged.map(({ architecture, macs }) => {
    const accuracy = 0.8 + 0.02 * Math.log(macs / 1e6);
    const hits = Uint8Array.from(difficulty, (value) => (value < accuracy ? 1 : 0));
    return { features: featuresOf(architecture), hits, softAccuracy: accuracy };
  }),
);
const proposed = (budgets: readonly Budget[], seed: number, timed = false) =>
  propose(
    {
      space,
      judged,
      budgets,
      model,
      precisions: ["float32"],
      featuresOf: ({ architecture }) => featuresOf(architecture),
      plan,
      latencyOf: () => (timed ? { first: latency, others: {} } : { others: {} }),
    },
    random(seed, "propose"),
  );

test("what is proposed is new, within the budget that it is proposed for, and expected to gain", () => {
  const budgets = ["macs=2M", "macs=5M"].map(parseBudget);
  for (let seed = 0; seed < 10; seed++) {
    const { architecture, budget, gain } = proposed(budgets, seed)!;
    expect(judged.map(({ id }) => id)).not.toContain(idOf(space, architecture));
    expect(mayMeet(budget, plan(architecture))).toBe(true);
    expect(gain).toBeGreaterThan(0);
  }
});

test("under a latency budget the latency model keeps proposals within the limit, its own error granted", () => {
  for (let seed = 0; seed < 10; seed++) {
    const { architecture } = proposed([parseBudget("latency=2ms")], seed, true)!;
    expect(latency.predict(plan(architecture))).toBeLessThanOrEqual(2 * 1.1);
  }
});

test("the same draw proposes the same child; where accuracy grows with size, it is one of the larger within the budget", () => {
  const budget = parseBudget("macs=4M");
  expect(proposed([budget], 3)).toEqual(proposed([budget], 3));
  const macs = Array.from({ length: 10 }, (_, seed) => plan(proposed([budget], seed)!.architecture).macs);
  expect(macs.reduce((sum, value) => sum + value, 0) / macs.length).toBeGreaterThan(2.5e6);
});

test("a pool of judged children alone has nothing to propose", () => {
  const prospect = {
    space,
    judged,
    budgets: [parseBudget("macs=9M")],
    model,
    precisions: ["float32"],
    featuresOf: ({ architecture }: Pick<Judged, "architecture">) => featuresOf(architecture),
    plan,
    latencyOf: () => ({ others: {} }),
  } as const;
  expect(propose({ ...prospect, pool: architectures }, random(0))).toBeUndefined();
});
