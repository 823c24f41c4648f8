/** An architecture that a user wrote, held against its space. */
import { UserError } from "../base/user-error.js";
import { headWidths } from "./count.js";
import type { Architecture, SearchSpaceData } from "./schema.js";

/**
 * Holds an architecture against its space; every mistake at once.
 * @throws UserError `space/architecture`
 */
export function checkArchitecture(space: SearchSpaceData, architecture: Architecture, at: string): void {
  const problems: { at: string; got: string | number; want: string; fix: string }[] = [];
  const hold = (path: string, got: number | undefined, list: readonly number[]): void => {
    if (got !== undefined && list.includes(got)) return;
    const want = list.length === 1 ? `${list[0]}` : `one of ${list.join(", ")}`;
    problems.push({ at: `${at}: ${path}`, got: got ?? "missing", want, fix: "See `nestling space show`." });
  };
  hold("resolution", architecture.resolution, space.resolutions);
  hold("stem", architecture.stem, space.stem.width);
  if (architecture.stages.length !== space.stages.length) {
    problems.push({
      at: `${at}: stages`,
      got: `${architecture.stages.length} stages`,
      want: `${space.stages.length}`,
      fix: "Write one entry for every stage of the space.",
    });
  }
  architecture.stages.slice(0, space.stages.length).forEach((chosen, i) => {
    const stage = space.stages[i]!;
    hold(`stages[${i}].width`, chosen.width, stage.width);
    hold(`stages[${i}].depth`, chosen.depth, stage.depth);
    for (const [key, list] of [
      ["kernels", stage.kernel],
      ["expands", stage.expand],
    ] as const) {
      const values = chosen[key];
      if (values.length !== chosen.depth) {
        problems.push({
          at: `${at}: stages[${i}].${key}`,
          got: `${values.length} values`,
          want: `${chosen.depth}, one per block`,
          fix: "Make the list as long as the depth.",
        });
      }
      values.forEach((value, block) => hold(`stages[${i}].${key}[${block}]`, value, list));
      if (stage.choicesPer === "stage" && new Set(values).size > 1) {
        problems.push({
          at: `${at}: stages[${i}].${key}`,
          got: values.join(", "),
          want: "equal values, since this stage chooses once for all its blocks",
          fix: 'Make them equal, or set "choicesPer": "block" in the space.',
        });
      }
    }
  });
  if (headWidths(space).length > 0) hold("head", architecture.head, headWidths(space));
  if (space.head.mix) hold("mix", architecture.mix, space.head.mix.width);
  if (problems.length > 0) throw new UserError("space/architecture", problems);
}
