import { describe, expect, test } from "vitest";
import { random, type Random } from "../../src/base/random.js";
import { fitAccuracyModel, type Observed } from "../../src/search/accuracy-model.js";
import { difference } from "../../src/search/belief.js";
import type { Features } from "../../src/search/features.js";

interface Simulated extends Observed {
  readonly truth: number;
}

/**
 * Children of a made-up supernet: accuracy grows with the first feature, each child has its own deviation, and 93 % of what decides an
 * image is common to all. The softAccuracy follows accuracy, not exactly.
 */
function simulate(seed: number, { count = 40, images = 500, slope = 0.03, own = 0.004 } = {}): Simulated[] {
  const draw = random("accuracy-model", seed);
  const difficulty = Array.from({ length: images }, () => draw.normal());
  return Array.from({ length: count }, (_, i) => {
    const values = Float64Array.from({ length: 4 }, () => draw.integer(3) / 2);
    const features: Features = { id: String(i), values };
    const truth = 0.84 + slope * (values[0]! - 0.5) + own * draw.normal();
    const hits = hitsOf(draw, difficulty, truth);
    return { features, truth, hits, softAccuracy: 0.75 + 2 * truth + 0.004 * draw.normal() };
  });
}

/** An image is right where a normal number, mostly its difficulty, is below the quantile of the accuracy. */
function hitsOf(draw: Random, difficulty: readonly number[], accuracy: number): Uint8Array {
  const bound = quantileOfNormal(accuracy);
  return Uint8Array.from(difficulty, (common) =>
    Math.sqrt(0.93) * common + Math.sqrt(0.07) * draw.normal() < bound ? 1 : 0,
  );
}

/** By bisection on the logistic approximation's exact counterpart: accurate enough for a simulation. */
function quantileOfNormal(share: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (cumulative(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}
function cumulative(z: number): number {
  let sum = 0;
  for (let x = -8; x < z; x += 0.001) sum += Math.exp(-(x ** 2) / 2) * 0.001;
  return sum / Math.sqrt(2 * Math.PI);
}

const idsOf = (children: readonly Simulated[]): Features[] => children.map(({ features }) => features);

describe("over 30 simulated searches", () => {
  const searches = Array.from({ length: 30 }, (_, seed) => simulate(seed));

  test("95 % intervals of differences hold 90 to 99 % of the true differences", () => {
    let [inside, all] = [0, 0];
    for (const children of searches) {
      const belief = fitAccuracyModel(children).believe(idsOf(children));
      for (let i = 1; i < children.length; i++) {
        const { mean, deviation } = difference(belief, i, 0);
        all++;
        if (Math.abs(mean - (children[i]!.truth - children[0]!.truth)) < 1.96 * deviation) inside++;
      }
    }
    expect(inside / all).toBeGreaterThan(0.9);
    expect(inside / all).toBeLessThan(0.99);
  });

  test("what all tell together is nearer to the truth than each child's own share of hits", () => {
    let [model, plain] = [0, 0];
    for (const children of searches) {
      const belief = fitAccuracyModel(children).believe(idsOf(children));
      const share = children.map(({ hits }) => hits.reduce((sum, hit) => sum + hit, 0) / hits.length);
      for (let i = 1; i < children.length; i++) {
        const truth = children[i]!.truth - children[0]!.truth;
        model += (difference(belief, i, 0).mean - truth) ** 2;
        plain += (share[i]! - share[0]! - truth) ** 2;
      }
    }
    expect(model).toBeLessThan(plain / 4);
  });
});

test("more images narrow what is believed", () => {
  const many = simulate(1, { images: 4000 });
  const few = many.map((child) => ({ ...child, hits: child.hits.subarray(0, 250) }));
  const deviations = [few, many].map((children) => {
    const { scales } = fitAccuracyModel(many);
    const belief = fitAccuracyModel(children, scales).believe(idsOf(many));
    return many.slice(1).map((_, i) => difference(belief, i + 1, 0).deviation);
  });
  deviations[1]!.forEach((deviation, i) => expect(deviation).toBeLessThan(deviations[0]![i]!));
});

test("a child that was not judged is less certain than one that was, and what all share is no part of a difference", () => {
  const children = simulate(2);
  const model = fitAccuracyModel(children.slice(1));
  const belief = model.believe(idsOf(children));
  const judged = difference(belief, 2, 1).deviation;
  expect(difference(belief, 0, 1).deviation).toBeGreaterThan(judged);
  expect(Math.sqrt(belief.covariance[1]![1]!)).toBeGreaterThan(judged);
});

test("equal children, one child, and children that get everything right give numbers", () => {
  const features = (id: string): Features => ({ id, values: Float64Array.of(0, 1) });
  const right = new Uint8Array(40).fill(1);
  for (const children of [["a"], ["a", "b", "c"]]) {
    const observed = children.map((id) => ({ features: features(id), hits: right, softAccuracy: 1 }));
    const { mean, covariance } = fitAccuracyModel(observed).believe(children.map(features));
    for (const value of mean) expect(value).toBeCloseTo(1, 1);
    for (const row of covariance) for (const value of row) expect(Number.isFinite(value)).toBe(true);
  }
});
