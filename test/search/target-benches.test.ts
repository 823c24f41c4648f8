import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { parseBudget } from "../../src/search/budget.js";
import { budgetsOf, openBenches, timedOf } from "../../src/search/target-benches.js";
import { mockTarget } from "../../src/target/mock.js";
import { named } from "../evaluate/machine.js";

const [board, phone] = ["board", "phone"].map((name) => mockTarget({ name, msOf: () => 1 }));
const targets = { first: board!, others: [phone!] };

test("budgets that name the first target are its own; each target with a latency budget is timed once", () => {
  const texts = ["latency@board=1ms", "latency=2ms", "latency@phone=3ms", "latency@phone=4ms", "macs=5M"];
  const budgets = budgetsOf(texts.map(parseBudget), targets);
  expect(budgets.map(({ target }) => target)).toEqual([undefined, undefined, "phone", "phone", undefined]);
  expect(budgets.map(({ text }) => text)).toEqual(texts);
  expect(timedOf(budgets)).toEqual(["phone", undefined]);
  expect(timedOf([parseBudget("macs=5M")])).toEqual([]);
  expect(() => budgetsOf([parseBudget("latency@tv=1ms")], targets)).toThrow(
    "--budget is latency@tv=1ms; want latency of board or phone. Name the target tv",
  );
});

test("a latency with and without the name of the first target is one budget, and given once", () => {
  const twice = ["latency=1ms", "latency@board=1ms"].map(parseBudget);
  expect(() => budgetsOf(twice, targets)).toThrow("latency@board=1ms a second time");
});

test("a target that goes away is waited for, which is said once; another failure is not", async () => {
  let failures = 3;
  let code: `${string}/${string}` = "target/away";
  const flaky = mockTarget({ name: "flaky", msOf: () => 1 });
  const load = (bytes: Uint8Array) => {
    if (failures-- <= 0) return flaky.load(bytes);
    const problem = { at: "target flaky", got: "away", want: "an answer", fix: "Start it again." };
    return Promise.reject(new UserError(code, problem));
  };
  const first = Object.defineProperty({ ...flaky, load }, "nowMs", { get: () => flaky.nowMs });
  const notes: string[] = [];
  const options = { seconds: 1, pauseMs: 1, onNote: (line: string) => notes.push(line) };
  const [opened] = await openBenches([undefined], { first, others: [] }, options);
  expect(await opened!.bench.measure([named("a")], "screen")).toHaveLength(1);
  expect(notes).toEqual([
    "Numerics are not checked on target flaky: it gives times alone.",
    "Target flaky went away: the search waits for it. target flaky is away; want an answer. Start it again.",
  ]);
  failures = 1;
  code = "target/session";
  expect(await opened!.bench.measure([named("a")])).toHaveLength(1);
  failures = 1;
  code = "target/model";
  await expect(opened!.bench.measure([named("a")])).rejects.toThrow("Start it again");
  failures = Infinity;
  code = "target/away";
  const signal = AbortSignal.timeout(50);
  const [ended] = await openBenches([undefined], { first, others: [] }, { ...options, signal });
  await expect(ended!.bench.measure([named("a")])).rejects.toThrow("abort");
});
