/** Which classes the figures of a run say nothing of, because no picture of theirs is judged. */
import { missing } from "../data/about.js";
import type { Run } from "./run.js";

/** A sentence for each part that lacks classes. */
export function unseenClasses(
  { data, validation }: Pick<Run, "data" | "validation">,
  parts: readonly ("validation" | "test")[] = ["validation", "test"],
): string[] {
  const labels = {
    validation: () => Array.from(validation, (index) => data.train.labels[index]!),
    test: () => data.test.labels,
  };
  return parts.flatMap((part) => missing(data.classes, labels[part](), part));
}
