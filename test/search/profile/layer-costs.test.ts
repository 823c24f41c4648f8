import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { planOf } from "../../../src/search/plan.js";
import { biggest, sample, smallest } from "../../../src/space/space.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet, type Supernet } from "../../../src/supernet/supernet.js";

const supernetOf = async (name: string): Promise<Supernet> => buildSupernet(await loadSpace(name));
const spaces = await Promise.all(["fashion", "ofa-mbv3", "effnetv2-s", "mnv4-conv-s"].map(supernetOf));
const sumOf = (layers: Readonly<Record<string, number>>, counted: string): number =>
  Object.entries(layers).reduce((sum, [name, amount]) => sum + (name.endsWith(` ${counted}`) ? amount : 0), 0);

test("of any child, the MACs of all kinds of layer are the child's MACs, and every kind is called and moves numbers", () => {
  fc.assert(
    fc.property(fc.constantFrom(...spaces), fc.nat(), (supernet, seed) => {
      const { macs, layers, work } = planOf(supernet, sample(supernet.space, random(seed, "layers")));
      expect(sumOf(layers, "macs")).toBe(macs);
      expect(sumOf(layers, "moved")).toBeGreaterThan(work.written / 2);
      const kinds = new Set(Object.keys(layers).map((name) => name.replace(/ \w+$/, "")));
      for (const kind of kinds) {
        expect(layers[`${kind} calls`], kind).toBeGreaterThanOrEqual(1);
        expect(layers[`${kind} moved`], kind).toBeGreaterThan(0);
      }
    }),
    { numRuns: 40 },
  );
});

test("kinds are what runtimes run by different kernels; ReLU is none, since it is part of the convolution before it", () => {
  const kindsOf = ({ space, ...rest }: Supernet): string[] => {
    const { layers } = planOf({ space, ...rest }, biggest(space));
    return [...new Set(Object.keys(layers).map((name) => name.replace(/ \w+$/, "")))].sort();
  };
  expect(kindsOf(spaces[0]!)).toEqual([
    ...["add", "averagePool", "conv 1x1", "conv of an image", "dense"],
    ...["depthwise 3x3", "depthwise 5x5", "globalAveragePool"],
  ]);
  const ofa = kindsOf(spaces[1]!);
  expect(ofa).toEqual(expect.arrayContaining(["conv of a vector", "depthwise 7x7", "hard-sigmoid", "hard-swish"]));
  expect(ofa).not.toContain("relu");
});

test("the biggest child's layers cost at least as much as the smallest's, kind by kind", () => {
  const [fashion] = spaces;
  const [least, most] = [smallest, biggest].map((of) => planOf(fashion!, of(fashion!.space)).layers);
  for (const [name, amount] of Object.entries(least!)) expect(most![name], name).toBeGreaterThanOrEqual(amount);
});
