import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { statisticsNames } from "../../src/compile/batch-statistics.js";
import { slicedChild } from "../../src/compile/children.js";
import type { Child } from "../../src/compile/child.js";
import { dropIdentities } from "../../src/compile/drop-identities.js";
import { recalibrate } from "../../src/compile/recalibrate.js";
import type { ImageBlock } from "../../src/data/image-block.js";
import { maximumOf } from "../../src/graph/graph.js";
import { idOf, sample } from "../../src/space/space.js";
import { tinySupernets } from "../supernet/tiny-spaces.js";
import { momentsOf } from "../engine/reference.js";
import { randomSupernet } from "./random-children.js";
import { reference, upTo } from "./random-net-child.js";

/** A small child, and images whose mean and spread drift, so that batches differ. */
function caseOf(seed: number, count: number): { child: Child; block: ImageBlock; id: string } {
  const { space } = tinySupernets[seed % tinySupernets.length]!;
  const { supernet, weights } = randomSupernet(space, seed);
  const architecture = { ...sample(space, random(seed)), resolution: space.resolutions[0]! };
  const { resolution } = architecture;
  const { channels } = space;
  const floats = resolution ** 2 * channels;
  const draw = random(seed, "images");
  const images = Float32Array.from({ length: count * floats }, (_, i) => {
    const drift = i / (count * floats);
    return draw.normal() * (0.5 + drift) + 3 * drift;
  });
  const child = dropIdentities.run(slicedChild(supernet, weights, architecture));
  return { child, block: { images, count, resolution, channels }, id: idOf(space, architecture) };
}

/** What each batch norm reads over all images, in float64, where the ones before it normalise batch by batch. */
function readBy(child: Child, x: string, { images, count, resolution, channels }: ImageBlock, sizes: number[]) {
  const floats = resolution ** 2 * channels;
  const graph = upTo(child.graph, x);
  let from = 0;
  const parts = sizes.map((size) => {
    const part = images.subarray(from * floats, (from + size) * floats);
    from += size;
    return reference({ graph, weights: child.weights }, { images: part, count: size, resolution, channels });
  });
  expect(from).toBe(count);
  return parts.map((part) => [...part]).flat();
}

/** [images, batches they are cut into] */
const cuts: [number, number[]][] = [
  [7, [7]],
  [100, [100]],
  [101, [50, 51]],
  [250, [83, 83, 84]],
];

for (const [count, sizes] of cuts) {
  test(`statistics over ${count} images are the float64 mean and variance over all of them, none left out`, async () => {
    for (const seed of [0, 1]) {
      const { child, block, id } = caseOf(seed, count);
      const statistics = await recalibrate(child, block, 1);
      const norms = child.graph.nodes.filter((node) => node.op === "batchNorm");
      expect(statistics.size).toBe(2 * norms.length);
      for (const norm of norms) {
        const { x } = norm.in;
        const { mean, variance } = momentsOf(
          Float64Array.from(readBy(child, x.name, block, sizes)),
          maximumOf(x.channels),
        );
        const names = statisticsNames(norm);
        const scale = 1 + Math.max(...variance);
        for (const [name, expected] of [[names.mean, mean] as const, [names.variance, variance] as const]) {
          expected.forEach((value, c) => {
            const off = Math.abs(statistics.get(name)![c]! - value);
            expect(off, `seed ${seed}, architecture ${id}: ${name}[${c}]`).toBeLessThanOrEqual(1e-4 * scale);
          });
        }
      }
    }
  });
}

test("without the variance between batches the first statistics would be wrong by more than a tenth", async () => {
  const { child, block } = caseOf(0, 250);
  const norm = child.graph.nodes.find((node) => node.op === "batchNorm")!;
  const { x } = norm.in;
  const C = maximumOf(x.channels);
  const read = readBy(child, x.name, block, [83, 83, 84]);
  const perImage = read.length / 250;
  const within = [
    [0, 83],
    [83, 166],
    [166, 250],
  ].map(([from, to]) => momentsOf(Float64Array.from(read.slice(from! * perImage, to! * perImage)), C).variance);
  const measured = (await recalibrate(child, block, 1)).get(statisticsNames(norm).variance)!;
  const share = Array.from(
    measured,
    (value, c) => (83 * within[0]![c]! + 83 * within[1]![c]! + 84 * within[2]![c]!) / 250 / value,
  );
  expect(Math.min(...share)).toBeLessThan(0.9);
  expect(Math.max(...share)).toBeLessThanOrEqual(1 + 1e-4);
});

test("the same images give the same statistics, bit for bit", async () => {
  const { child, block } = caseOf(1, 101);
  expect(await recalibrate(child, block)).toEqual(await recalibrate(child, block));
});
