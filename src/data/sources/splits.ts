/** What folders and files of training, validation and test pictures are usually called, in any case. */

export type SplitName = "train" | "validation" | "test";

const names: Readonly<Record<SplitName, string>> = {
  train: "train|training",
  validation: "val|valid|validation|dev|development",
  test: "tests?|testing|eval|evaluation",
};
const things = "sets?|data|images?|imgs?|pictures?|photos?|split";
const patterns = (Object.keys(names) as SplitName[]).map(
  (split) => [split, new RegExp(`^(?:${names[split]})(?:[ _.-]?(?:${things}))?$`, "i")] as const,
);

/** The part that a name means; undefined: none. `train`, `Training_set` and `TRAIN-images` are one. */
export const splitOf = (name: string): SplitName | undefined =>
  patterns.find(([, pattern]) => pattern.test(name.trim()))?.[0];

const within = (Object.keys(names) as SplitName[]).map(
  (split) => [split, new RegExp(`(?<![a-z])(?:${names[split]})(?:${things})?(?![a-z])`, "i")] as const,
);
const others = "holdout|extra|unlabell?ed|pred|predict|predictions?|inference";
const another = new RegExp(`(?<![a-z])(?:${others})(?![a-z])`, "i");

/** The part that a word in a name means: `seg_train`, `train2017`, `01-val`. */
const wordIn = (name: string): SplitName | undefined => within.find(([, pattern]) => pattern.test(name))?.[0];

/**
 * What names mean that lie beside each other. A class may be a bullet train: a word in a name counts only where all names have such a word
 * and training pictures have one alone.
 */
export function meaningAmong(all: readonly string[]): (name: string) => SplitName | undefined {
  if (all.some((name) => splitOf(name) === "train")) return splitOf;
  const parts = all.flatMap((name) => wordIn(name) ?? []);
  const haveWords = all.every((name) => wordIn(name) !== undefined || another.test(name));
  return haveWords && parts.includes("train") && parts.length > 1 && new Set(parts).size === parts.length
    ? wordIn
    : splitOf;
}

const begins = new RegExp(`^(?:un)?(?:${Object.values(names).join("|")}|${others})(?![a-z])`, "i");

/** Whether a name looks like a part's, known or not: `test1`, `train_old`. */
export const looksLikeSplit = (name: string): boolean => splitOf(name) !== undefined || begins.test(name.trim());
