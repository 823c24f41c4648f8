/** Checks an architecture that a user wrote against its space. */
import { UserError, type Problem } from "../base/user-error.js";
import { valueAt, type Architecture, type Chosen } from "./architecture.js";
import type { Blocks, Choice, Part, Path } from "./choices.js";

/** `["stages", 0, "width"]` as `stages[0].width`. */
const written = (path: Path): string =>
  path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i > 0 ? "." : ""}${key}`)).join("");

const shown = (value: Chosen | undefined): string | number =>
  value === undefined ? "missing" : typeof value === "number" ? value : JSON.stringify(value).slice(0, 60);

/**
 * Checks an architecture against its space and reports every mistake at once.
 * @param at names the architecture in messages
 * @throws UserError `space/architecture`
 */
export function checkArchitecture(
  { parts }: { readonly parts: readonly Part[] },
  architecture: Architecture,
  at: string,
): void {
  const problems = [
    ...wrongCounts(parts, architecture),
    ...parts
      .filter((part) => !isInMissingEntry(part, architecture))
      .flatMap(({ once, blocks }) => [
        ...once.flatMap((choice) => wrongValue(choice, valueAt(architecture, choice.path), choice.path)),
        ...(blocks ? wrongBlocks(blocks, architecture) : []),
      ]),
  ];
  if (problems.length === 0) return;
  throw new UserError(
    "space/architecture",
    problems.map((problem) => ({ ...problem, at: `${at}: ${problem.at}` })),
  );
}

function wrongValue({ values }: Choice, got: Chosen | undefined, path: Path): Problem[] {
  if (typeof got === "number" && values.includes(got)) return [];
  const want = values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`;
  return [{ at: written(path), got: shown(got), want, fix: "See `nestling space show`." }];
}

/** Lists of parts, such as stages, whose length differs from the space's. */
function wrongCounts(parts: readonly Part[], architecture: Architecture): Problem[] {
  const counts = new Map<string, number>();
  for (const [list, index] of parts.map(firstPath)) {
    if (typeof index === "number") counts.set(String(list), Math.max(counts.get(String(list)) ?? 0, index + 1));
  }
  return [...counts].flatMap(([list, count]) => {
    const got = valueAt(architecture, [list]);
    if (Array.isArray(got) && got.length === count) return [];
    const fix = `Write one entry for each of the space's ${list}.`;
    return [{ at: list, got: Array.isArray(got) ? `${got.length} ${list}` : shown(got), want: `${count}`, fix }];
  });
}

const firstPath = ({ once, blocks }: Part): Path => (once[0] ?? blocks?.depth)?.path ?? [];

/** Whether the part's entry is missing from its list, whose wrong length `wrongCounts` has already reported. */
function isInMissingEntry(part: Part, architecture: Architecture): boolean {
  const [list, index] = firstPath(part);
  return typeof index === "number" && valueAt(architecture, [list!, index]) === undefined;
}

function wrongBlocks({ depth, each, per }: Blocks, architecture: Architecture): Problem[] {
  const chosen = valueAt(architecture, depth.path);
  const problems = wrongValue(depth, chosen, depth.path);
  for (const choice of each) {
    const list = valueAt(architecture, choice.path);
    const at = written(choice.path);
    if (!Array.isArray(list)) {
      problems.push({
        at,
        got: shown(list),
        want: "a list of values, one per block",
        fix: "See `nestling space show`.",
      });
      continue;
    }
    if (list.length !== chosen) {
      const want = `${shown(chosen)}, one per block`;
      problems.push({ at, got: `${list.length} values`, want, fix: "Make the list as long as the depth." });
    }
    problems.push(...list.flatMap((value, block) => wrongValue(choice, value, [...choice.path, block])));
    if (per === "stage" && new Set(list).size > 1) {
      problems.push({
        at,
        got: list.map(shown).join(", "),
        want: "equal values, since this stage chooses once for all its blocks",
        fix: 'Make them equal, or set "choicesPer": "block" in the space.',
      });
    }
  }
  return problems;
}
