import fc from "fast-check";
import { expect, test } from "vitest";
import { permutation, random } from "../../../src/base/random.js";
import { fitLatencyModel } from "../../../src/search/latency-model.js";
import { planOf, type Plan } from "../../../src/search/plan.js";
import { fitCosts, predictBy, type MeasuredChild } from "../../../src/search/profile/cost-model.js";
import { fitErrors } from "../../../src/search/profile/fit-errors.js";
import { idOf, sample } from "../../../src/space/space.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";

const space = await loadSpace("ofa-mbv3");
const supernet = buildSupernet(space);
const children = Array.from({ length: 90 }, (_, i) => {
  const architecture = sample(space, random("cost-model", i));
  return { id: idOf(space, architecture), ...planOf(supernet, architecture) };
});
const names = [...new Set(children.flatMap(({ layers }) => Object.keys(layers)))];
const [seen, unseen] = [children.slice(0, 50), children.slice(50)];

/** A device with costs of its own for each kind of layer: random, none below 0. */
function deviceOf(seed: number): (child: Plan) => number {
  const draw = random("device", seed);
  const typical = { calls: 0.002, macs: 2e-8, moved: 2e-7 };
  const costs = names.map((name) => {
    const counted = /\w+$/.exec(name)![0] as keyof typeof typical;
    return [name, typical[counted] * draw.next() * 2] as const;
  });
  return ({ layers }) => 0.1 + costs.reduce((sum, [name, cost]) => sum + cost * (layers[name] ?? 0), 0);
}
const measuredOn = (device: (child: Plan) => number, noise = 0, seed = 0): MeasuredChild[] =>
  seen.map((child, i) => ({
    ...child,
    latencyMs: device(child) * (1 + noise * random("noise", seed, i).normal()),
  }));
const errorsOn = (device: (child: Plan) => number, predict: (child: Plan) => number) =>
  fitErrors(unseen.map((child) => ({ predictedMs: predict(child), latencyMs: device(child) })));

test("whatever a device's kinds of layer cost, children that it wasn't fitted to are predicted within 1 %, and better than by work alone", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const device = deviceOf(seed);
      const measured = measuredOn(device);
      const { costs, leftOutError } = fitCosts(measured);
      const own = errorsOn(device, (child) => predictBy(costs, child));
      expect(own.relativeRmse).toBeLessThan(0.01);
      expect(leftOutError).toBeLessThan(0.02);
      expect(own.rankCorrelation).toBeGreaterThan(0.97);
      const linear = fitLatencyModel(measured);
      expect(own.relativeRmse).toBeLessThan(errorsOn(device, (child) => linear.predict(child)).relativeRmse);
    }),
    { numRuns: 25 },
  );
});

test("costs are the same to the bit in whatever order the children come", () => {
  const measured = measuredOn(deviceOf(1), 0.02);
  const whole = fitCosts(measured);
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const order = permutation(measured.length, random("order", seed));
      expect(fitCosts([...order].map((i) => measured[i]!))).toEqual(whole);
    }),
    { numRuns: 5 },
  );
});

test("a device ten times as slow has costs ten times as high", () => {
  const measured = measuredOn(deviceOf(2), 0.02);
  const slow = measured.map((child) => ({ ...child, latencyMs: 10 * child.latencyMs }));
  const [one, ten] = [fitCosts(measured), fitCosts(slow)];
  expect(ten.penalty).toBe(one.penalty);
  for (const child of unseen) expect(predictBy(ten.costs, child) / predictBy(one.costs, child)).toBeCloseTo(10, 4);
});

test("where kinds of layer tell nothing, noise hardly enters their costs: about as good as the work alone", () => {
  const device = ({ work }: Plan): number =>
    0.1 + 3e-8 * work.denseMacs + 1e-7 * work.depthwiseMacs + 4e-7 * work.written + 0.003 * work.operators;
  const pairs = Array.from({ length: 12 }, (_, seed) => {
    const measured = measuredOn(device, 0.04, seed);
    const linear = fitLatencyModel(measured);
    const { costs } = fitCosts(measured);
    return [
      errorsOn(device, (child) => predictBy(costs, child)).relativeRmse,
      errorsOn(device, (child) => linear.predict(child)).relativeRmse,
    ] as const;
  });
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length;
  expect(mean(0)).toBeLessThan(1.25 * mean(1));
  expect(mean(0)).toBeLessThan(0.02);
});

test("fewer children than costs still give finite costs that fit them", () => {
  const few = measuredOn(deviceOf(3)).slice(0, 3);
  const { costs } = fitCosts(few);
  for (const child of few) expect(predictBy(costs, child) / child.latencyMs).toBeCloseTo(1, 1);
  for (const cost of Object.values(costs)) expect(cost).toSatisfy(Number.isFinite);
});
