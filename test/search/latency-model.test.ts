import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { fitLatencyModel } from "../../src/search/latency-model.js";
import { planOf, type Work } from "../../src/search/plan.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { biggest, sample, smallest } from "../../src/space/space.js";
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
  const measured = points.slice(0, 40).map((point) => ({ ...plan(point), latencyMs: timeOf(plan(point).work) }));
  const model = fitLatencyModel(measured);
  expect(model.error).toBeLessThan(1e-3);
  for (const point of points.slice(40)) {
    const child = plan(point);
    expect(Math.abs(model.predict(child) / timeOf(child.work) - 1)).toBeLessThan(5e-3);
  }
  expect(fitLatencyModel(measured).predict(measured[0]!)).toBe(model.predict(measured[0]!));
});

test("noise of 3 % on each measurement leaves an error of about 3 %, and fewer points than features still give numbers", () => {
  const draw = random("noise");
  const noisy = points.map((point) => {
    const child = plan(point);
    return { ...child, latencyMs: timeOf(child.work) * (1 + 0.03 * draw.normal()) };
  });
  const { error } = fitLatencyModel(noisy);
  expect(error).toBeGreaterThan(0.015);
  expect(error).toBeLessThan(0.045);
  const few = fitLatencyModel(noisy.slice(0, 2));
  expect(few.predict(noisy[0]!) / noisy[0]!.latencyMs).toBeCloseTo(1, 2);
});
