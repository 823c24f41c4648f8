/** A choice in words, for the terminal and the report. */
import type { SearchResult } from "./search-file.js";

/** Tied children that are named. */
const NAMED = 4;

export function explain({ budget, id, tied, noBetterThan }: SearchResult["chosen"][number]): string {
  const more = tied.length > NAMED ? ` and ${tied.length - NAMED} more` : "";
  const apart =
    tied.length === 0
      ? `${id} is measurably better than every other finalist.`
      : `${id} can't be told apart from ${tied.slice(0, NAMED).join(", ")}${more}.`;
  if (noBetterThan === undefined) return `${budget}: ${apart}`;
  const than = noBetterThan === "smallest" ? "the smallest child" : `the choice for ${noBetterThan}`;
  return `${budget}: ${apart} It is not measurably better than ${than}: this budget buys nothing that can be measured.`;
}
