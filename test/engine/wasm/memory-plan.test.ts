import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryPlan, type Buffer } from "../../../src/engine/wasm/memory-plan.js";

/** Buffers given by their number of floats (`whole`: always alive), and which of them each step touches. */
const anyPlan = fc
  .array(fc.record({ floats: fc.integer({ min: 1, max: 3000 }), whole: fc.boolean() }), { minLength: 1, maxLength: 25 })
  .chain((buffers) =>
    fc.record({
      buffers: fc.constant(buffers),
      steps: fc.array(fc.uniqueArray(fc.nat(buffers.length - 1), { minLength: 1, maxLength: 4 }), { maxLength: 40 }),
      base: fc.nat(100).map((lines) => 64 * lines),
    }),
  );

const overlap = (a: Buffer, b: Buffer): boolean => a.address < b.address + b.bytes && b.address < a.address + a.bytes;

test("buffers alive at once never overlap, and all are between base and end", () => {
  fc.assert(
    fc.property(anyPlan, ({ buffers, steps, base }) => {
      const plan = memoryPlan();
      const made = buffers.map(({ floats, whole }) => plan.buffer(floats, whole ? "whole" : undefined));
      for (const touched of steps)
        plan.step(
          touched.map((i) => made[i]!),
          () => undefined,
        );
      const { end } = plan.layOut(base);
      // Each buffer's life, from the steps alone.
      const lives = made.map((_, i) => {
        const touching = steps.flatMap((touched, at) => (touched.includes(i) ? [at] : []));
        return buffers[i]!.whole
          ? [-1, Infinity]
          : touching.length === 0
            ? undefined
            : [touching[0]!, touching.at(-1)!];
      });
      made.forEach((a, i) => {
        if (!lives[i]) return;
        expect(a.bytes).toBeGreaterThanOrEqual(4 * buffers[i]!.floats);
        expect(a.address % 64).toBe(0);
        expect(a.address).toBeGreaterThanOrEqual(base);
        expect(a.address + a.bytes).toBeLessThanOrEqual(end);
        made.forEach((b, j) => {
          const [mine, its] = [lives[i], lives[j]];
          if (j <= i || !mine || !its || mine[0]! > its[1]! || its[0]! > mine[1]!) return;
          expect(overlap(a, b), `buffers ${i} and ${j}`).toBe(false);
        });
      });
    }),
    { numRuns: 2000 },
  );
});

test("buffers that are never alive together share addresses", () => {
  const plan = memoryPlan();
  const [a, b, c] = [plan.buffer(1000), plan.buffer(1000), plan.buffer(1000)];
  plan.step([a], () => undefined);
  plan.step([a, b], () => undefined);
  plan.step([b, c], () => undefined);
  plan.layOut(0);
  expect(c.address).toBe(a.address);
  expect(b.address).not.toBe(a.address);
});

test("steps run in the order in which they were added", () => {
  const plan = memoryPlan();
  const ran: number[] = [];
  for (const i of [0, 1, 2]) plan.step([], () => ran.push(i));
  expect(plan.length).toBe(3);
  for (const step of plan.layOut(0).steps) step();
  expect(ran).toEqual([0, 1, 2]);
});
