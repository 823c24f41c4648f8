import { expect, test, vi } from "vitest";
import type { Kernels } from "../../../../src/engine/wasm/kernels.js";
import { memoryPlan } from "../../../../src/engine/wasm/memory-plan.js";
import { callsInto } from "../../../../src/engine/wasm/plan/call.js";

const recorded = (): { kernels: Kernels; calls: unknown[][] } => {
  const calls: unknown[][] = [];
  const record = (name: string) => vi.fn((...args: number[]) => void calls.push([name, ...args]));
  return { kernels: { add: record("add"), normalize: record("normalize") } as Partial<Kernels> as Kernels, calls };
};

test("arguments are placed by name, in any order; 0 means no buffer; the step touches the given buffers", () => {
  const { kernels, calls } = recorded();
  const plan = memoryPlan();
  const call = callsInto(plan, kernels);
  const [x, y, unused] = [plan.buffer(16), plan.buffer(16), plan.buffer(16)];
  call("add", { y, b: x, a: x, count: 16 });
  call("normalize", { M: 1, C: 16, code: 3, residual: 0, x: y, scale: x, shift: x, y: x });
  const { steps } = plan.layOut(1024);
  for (const step of steps) step();
  expect(calls).toEqual([
    ["add", 16, 1024, 1024, 1088],
    ["normalize", 1, 16, 3, 1088, 1024, 1024, 0, 1024],
  ]);
  expect([x.first, x.last, y.first, y.last]).toEqual([0, 1, 0, 1]);
  expect(unused.last).toBe(-1);
});

test("a missing argument, another kernel's argument and a number for a buffer do not compile", () => {
  const plan = memoryPlan();
  const call = callsInto(plan, recorded().kernels);
  const [a, b, y] = [plan.buffer(4), plan.buffer(4), plan.buffer(4)];
  const refused = (): void => {
    // @ts-expect-error: without b
    call("add", { count: 4, a, y });
    // @ts-expect-error: with one too many
    call("add", { count: 4, a, b, y, accumulate: 1 });
    // @ts-expect-error: an address that is no buffer
    call("add", { count: 4, a: 64, b, y });
    // @ts-expect-error: a buffer for a size
    call("add", { count: a, a, b, y });
  };
  expect(refused).toBeTypeOf("function");
});
