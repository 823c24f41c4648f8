import { expect, test } from "vitest";
import { explain } from "../../src/search/explain.js";

test("a choice says with whom it is tied, some of them by name", () => {
  expect(explain({ budget: "macs=3M", id: "a", tied: [] })).toBe(
    "macs=3M: a is measurably better than every other finalist.",
  );
  expect(explain({ budget: "macs=3M", id: "a", tied: ["b", "c", "d", "e", "f"] })).toBe(
    "macs=3M: a can't be told apart from b, c, d, e and 1 more.",
  );
});

test("a budget that buys nothing says so", () => {
  const choice = { budget: "macs=3M", id: "a", tied: ["b"] };
  expect(explain({ ...choice, noBetterThan: "smallest" })).toContain("not measurably better than the smallest child");
  expect(explain({ ...choice, noBetterThan: "macs=1M" })).toContain(
    "than the choice for macs=1M: this budget buys nothing",
  );
});
