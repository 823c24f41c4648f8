/** What folders and files of training, validation and test pictures are usually called, in any case. */

export type SplitName = "train" | "validation" | "test";

const names: Readonly<Record<SplitName, string>> = {
  train: "train|training",
  validation: "val|valid|validation|dev|development",
  test: "test|testing|eval|evaluation",
};
const things = "sets?|data|images?|imgs?|pictures?|photos?|split";
const patterns = (Object.keys(names) as SplitName[]).map(
  (split) => [split, new RegExp(`^(?:${names[split]})(?:[ _.-]?(?:${things}))?$`, "i")] as const,
);

/** The part that a name means; undefined: none. `train`, `Training_set` and `TRAIN-images` are one. */
export const splitOf = (name: string): SplitName | undefined =>
  patterns.find(([, pattern]) => pattern.test(name.trim()))?.[0];

const begins = new RegExp(`^(?:un)?(?:${Object.values(names).join("|")}|holdout|extra|unlabell?ed)(?![a-z])`, "i");

/** Whether a name looks like a part's, known or not: `test1`, `train_old`. */
export const looksLikeSplit = (name: string): boolean => splitOf(name) !== undefined || begins.test(name.trim());
