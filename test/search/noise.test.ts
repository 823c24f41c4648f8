import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { noiseOf } from "../../src/search/noise.js";

/** Hits of children that agree on most images, as children of one supernet do. */
function simulated(seed: number, children: number, images: number): Uint8Array[] {
  const draw = random("noise", seed);
  const difficulty = Array.from({ length: images }, () => draw.next());
  return Array.from({ length: children }, () =>
    Uint8Array.from(difficulty, (common) => ((draw.next() < 0.8 ? common : draw.next()) < 0.85 ? 1 : 0)),
  );
}
const share = (hits: Uint8Array): number => hits.reduce((sum, hit) => sum + hit, 0) / hits.length;

test("the stated variances of a share and of a difference are those of many simulations, also where one child saw fewer images", () => {
  const [long, short] = [400, 200];
  let [alone, pair, stated, statedPair] = [0, 0, 0, 0];
  const runs = 2000;
  for (let seed = 0; seed < runs; seed++) {
    const [a, b] = simulated(seed, 2, long) as [Uint8Array, Uint8Array];
    const first = b.subarray(0, short);
    const noise = noiseOf([a, first]);
    alone += (share(a) - 0.85) ** 2 / runs;
    pair += (share(a) - share(first)) ** 2 / runs;
    stated += noise[0]![0]! / runs;
    statedPair += (noise[0]![0]! + noise[1]![1]! - 2 * noise[0]![1]!) / runs;
  }
  expect(stated / alone).toBeCloseTo(1, 0);
  expect(Math.abs(stated / alone - 1)).toBeLessThan(0.12);
  expect(Math.abs(statedPair / pair - 1)).toBeLessThan(0.12);
});

test("more images leave less noise, and a child that got all right isn't certain", () => {
  const hits = simulated(1, 3, 1000);
  const [few, many] = [noiseOf(hits.map((one) => one.subarray(0, 100))), noiseOf(hits)];
  for (let i = 0; i < 3; i++) expect(many[i]![i]!).toBeLessThan(few[i]![i]!);
  expect(noiseOf([new Uint8Array(50).fill(1)])[0]![0]!).toBeGreaterThan(0);
});
