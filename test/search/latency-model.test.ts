import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { parseBudget } from "../../src/search/budget.js";
import { fitLatencyModel } from "../../src/search/latency-model.js";
import { planOf, type Work } from "../../src/search/plan.js";
import { propose } from "../../src/search/propose.js";
import { loadSpace, parseSpace } from "../../src/supernet/spaces.js";
import { convnetOf } from "../space/convnet.js";
import { biggest, idOf, sample, smallest } from "../../src/space/space.js";
import { buildSupernet } from "../../src/supernet/supernet.js";

const space = await loadSpace("fashion");
const supernet = buildSupernet(space);
const plan = (architecture: Parameters<typeof planOf>[1]) => planOf(supernet, architecture);
const points = Array.from({ length: 60 }, (_, i) => sample(space, random(i, "latency-model")));
/** A machine whose latency is exactly what the model can say. */
const msOf: Record<keyof Work, number> = {
  constant: 0.02,
  denseMacs: 3e-8,
  depthwiseMacs: 1e-7,
  written: 4e-7,
  operators: 0.003,
};
const names = Object.keys(msOf) as readonly (keyof Work)[];
const timeOf = (work: Work): number => names.reduce((sum, name) => sum + work[name] * msOf[name], 0);

test("work is computed from the child's own graph: all MACs, one kind or the other, and more of all in the biggest child", () => {
  const [least, most] = [plan(smallest(space)), plan(biggest(space))];
  for (const { macs, work } of [least, most]) expect(work.denseMacs + work.depthwiseMacs).toBe(macs);
  for (const name of names.slice(1)) expect(least.work[name], name).toBeLessThan(most.work[name]);
});

test("what is linear in the work is found exactly, on points that it was not fitted to", () => {
  const measured = points
    .slice(0, 40)
    .map((point) => ({ work: plan(point).work, latencyMs: timeOf(plan(point).work) }));
  const model = fitLatencyModel(measured);
  expect(model.error).toBeLessThan(1e-3);
  for (const point of points.slice(40)) {
    const { work } = plan(point);
    expect(Math.abs(model.predict(work) / timeOf(work) - 1)).toBeLessThan(5e-3);
  }
  expect(fitLatencyModel(measured).predict(measured[0]!.work)).toBe(model.predict(measured[0]!.work));
});

test("noise of 3 % on each measurement leaves an error of about 3 %, and fewer points than features still give numbers", () => {
  const draw = random("noise");
  const noisy = points.map((point) => {
    const { work } = plan(point);
    return { work, latencyMs: timeOf(work) * (1 + 0.03 * draw.normal()) };
  });
  const { error } = fitLatencyModel(noisy);
  expect(error).toBeGreaterThan(0.015);
  expect(error).toBeLessThan(0.045);
  const few = fitLatencyModel(noisy.slice(0, 2));
  expect(few.predict(noisy[0]!.work) / noisy[0]!.latencyMs).toBeCloseTo(1, 2);
});

test("under a latency budget the model picks a mutant that it sees within the limit; the same draw without it may not be", () => {
  const model = { predict: timeOf, error: 0 };
  const limit = timeOf(plan(smallest(space)).work) * 1.5;
  const budget = { ...parseBudget("latency=1ms"), limit };
  const parent = biggest(space);
  let missed = 0;
  for (let seed = 0; seed < 20; seed++) {
    const near = { space, parent: smallest(space), budget, plan };
    const mutant = propose({ ...near, model }, new Set(), random(seed))!;
    expect(timeOf(plan(mutant).work)).toBeLessThanOrEqual(limit);
    if (timeOf(plan(propose(near, new Set(), random(seed))!).work) > limit) missed++;
  }
  expect(missed).toBeGreaterThan(0);
  // Where nothing near is within it, the fastest is still proposed: the model never decides.
  const tight = { ...budget, limit: limit / 100 };
  expect(propose({ space, parent, budget: tight, plan, model }, new Set(), random(1))).toBeDefined();
});

test("mutants that were judged are not proposed again, and an exhausted neighbourhood proposes none", () => {
  const { stem, stages, head } = convnetOf(space);
  const heads = [128, 160, 192, 224];
  const single = stages.map((stage) => ({
    ...stage,
    ...{ width: [16], depth: [1], kernel: [3], expand: [4], shortcut: "none" },
  }));
  const tiny = parseSpace(
    {
      ...space.data,
      resolutions: [28],
      stem: { ...stem, width: [16] },
      head: { ...head, width: heads },
      stages: single,
    },
    "tiny",
  );
  const near = {
    space: tiny,
    parent: smallest(tiny),
    budget: parseBudget("macs=1G"),
    plan: () => ({ macs: 1, parameters: 1, work: plan(smallest(space)).work }),
  };
  const seen = new Set<string>();
  for (let i = 0; i < heads.length; i++) {
    const mutant = propose(near, seen, random(i))!;
    const id = idOf(tiny, mutant);
    expect(seen.has(id)).toBe(false);
    seen.add(id);
  }
  expect(propose(near, seen, random(0))).toBeUndefined();
});
