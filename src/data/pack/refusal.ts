/** What a pack does not hold, and the ways out. */
import { UserError } from "../../base/user-error.js";
import type { PackIndex } from "./pack-index.js";

export const refusal = (at: string, { source }: PackIndex, got: string, want: string): UserError =>
  new UserError("data/pack", {
    at,
    got,
    want,
    fix: `Pack ${source} again for the space and the recipe: nestling data pack ${source} --space SPACE --recipe RECIPE, or give ${source} itself.`,
  });
