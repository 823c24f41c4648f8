import { expect, test } from "vitest";
import type { Candidate, SearchResult } from "../../src/search/search-file.js";
import { explain } from "../../src/search/explain.js";

const finalist = (id: string, macs: number) => ({ id, macs, inFinal: true }) as Candidate;
const ofFinal = (
  candidates: readonly Candidate[],
  choice: Partial<SearchResult["chosen"][number]>,
  budgets = ["macs=1M", "macs=3M"],
): string =>
  explain({
    budgets,
    candidates,
    chosen: [{ budget: "macs=3M", id: "a", tied: [], ...choice }],
  } as unknown as SearchResult).join("\n");
const two = [finalist("a", 2e6), finalist("b", 2.5e6)];

test("a choice says with whom it is tied, some of them by name", () => {
  expect(ofFinal(two, {})).toBe("macs=3M: a is measurably better than every other finalist.");
  expect(ofFinal(two, { tied: ["b", "c", "d", "e", "f"] })).toBe(
    "macs=3M: a can't be told apart from b, c, d, e and 1 more.",
  );
});

test("a choice that nothing else was beside is not called better than others", () => {
  const alone = "macs=3M: a is the only finalist within it.";
  expect(ofFinal([finalist("a", 2e6)], {})).toBe(alone);
  expect(ofFinal([finalist("a", 2e6), finalist("b", 4e6), { ...finalist("c", 1e6), inFinal: false }], {})).toBe(alone);
  expect(ofFinal([finalist("a", 2e6)], { noBetterThan: "smallest" })).toBe(
    `${alone} It is not measurably better than the smallest child: this budget buys nothing that can be measured.`,
  );
});

test("a budget that buys nothing says so", () => {
  expect(ofFinal(two, { tied: ["b"], noBetterThan: "smallest" })).toContain(
    "not measurably better than the smallest child",
  );
  expect(ofFinal(two, { tied: ["b"], noBetterThan: "macs=1M" })).toContain(
    "than the choice for macs=1M: this budget buys nothing",
  );
});
