import fc from "fast-check";
import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { openLatencyBench } from "../../src/evaluate/latency.js";
import { agrees, checkNumerics, numericsOf, probeOf, type Probe } from "../../src/evaluate/probe.js";
import { localTarget } from "../../src/target/local.js";
import { mockTarget } from "../../src/target/mock.js";
import { withModel } from "../../src/target/target.js";

/** A mock of a device: its logits are the input, twice, and what is added. */
const device = (error: (image: number) => number, batches: number[] = []) =>
  mockTarget({
    name: "board",
    msOf: () => 1,
    outputsOf(input, [images = 0]) {
      batches.push(images);
      const each = input.length / images;
      return new Map([["logits", input.map((value, i) => 2 * value + error(Math.floor(i / each)))]]);
    },
  });

const inputOf = (images: number, values: number): Float32Array =>
  Float32Array.from({ length: images * values }, (_, i) => (i % 17) - 8);
const probe = (images: number, batch?: number): Probe => {
  const input = inputOf(images, 6);
  return { input, dims: [images, 1, 2, 3], batch, logits: input.map((value) => 2 * value), tolerance: 0.125 };
};
const on = (target: ReturnType<typeof device>, of: Probe) =>
  withModel(target, new Uint8Array(1), (m) => numericsOf(m, of));

test("the difference is the largest of any logit, whatever the images and the file's batch; it agrees up to the tolerance", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
      fc.integer({ min: -64, max: 64 }),
      async (images, batch, eighths) => {
        const batches: number[] = [];
        const numerics = await on(
          device((image) => (image === 0 ? eighths / 64 : 0), batches),
          probe(images, batch),
        );
        expect(numerics).toEqual({ maxDifference: Math.abs(eighths / 64), tolerance: 0.125 });
        expect(agrees(numerics)).toBe(Math.abs(eighths) <= 8);
        const size = batch ?? images;
        expect(batches).toEqual(Array<number>(Math.ceil(images / size)).fill(size));
      },
    ),
  );
});

test("logits that are no numbers, or missing, never agree and are never allowed", async () => {
  const wrong = [device(() => NaN), device(() => Infinity), mockTarget({ msOf: () => 1, outputsOf: () => new Map() })];
  for (const target of wrong) {
    const numerics = await on(target, probe(2));
    expect(numerics.maxDifference).toBe(Infinity);
    for (const how of ["refused", "noted"] as const) {
      expect(() => checkNumerics(numerics, "board", "a", how)).toThrow("without a number for each in the logits of a");
    }
  }
});

test("this machine's CPU agrees with itself exactly, and with several threads or without optimisations within a millionth", async () => {
  const { bytes, dims } = anchor();
  const input = inputOf(3, 28 * 28);
  const own = await probeOf(bytes, { input, dims: [3, ...dims.slice(1)] }, (maxLogit) => 1e-6 * (1 + maxLogit));
  expect(own.logits).toHaveLength(30);
  for (const options of [{}, { threads: 2 }, { optimization: "disabled" }] as const) {
    const target = localTarget({ profiles: false, ...options });
    const numerics = await withModel(target, bytes, (model) => numericsOf(model, own));
    expect(agrees(numerics), JSON.stringify(numerics)).toBe(true);
    if (Object.keys(options).length === 0) expect(numerics.maxDifference).toBe(0);
  }
});

test("a session refuses a target that computes otherwise within its first load, unless differences are noted; of times alone it says nothing", async () => {
  const model = { name: "child", bytes: new Uint8Array(1), dims: [1, 1, 2, 3], probe: probe(2) };
  const wrong = device(() => 0.5);
  const bench = await openLatencyBench(wrong, { seconds: 12 });
  await expect(bench.measure([model])).rejects.toMatchObject({
    code: "target/numerics",
    message: expect.stringMatching(
      /^target board is off by 5\.0e-1 in the logits of child; want at most 1\.3e-1, as on this machine's CPU\. /,
    ) as string,
  });
  expect(wrong.nowMs).toBeLessThan(3000);
  await expect(bench.measure([model], "screen")).rejects.toThrow("off by");
  await expect(bench.compute(model)).rejects.toThrow("off by");
  expect(wrong.loaded).toBe(0);
  const noted = await openLatencyBench(wrong, { seconds: 2, differences: "noted" });
  const numerics = { maxDifference: 0.5, tolerance: 0.125 };
  expect((await noted.measure([{ ...model, probe: undefined }, model])).map((latency) => latency.numerics)).toEqual([
    undefined,
    numerics,
  ]);
  expect(await noted.compute(model)).toEqual(numerics);
  const alone = await openLatencyBench(mockTarget({ msOf: () => 1 }), { seconds: 2 });
  expect((await alone.measure([model]))[0]).not.toHaveProperty("numerics");
  expect(await alone.compute(model)).toBeUndefined();
});
