/** The families, by the name in a space file's `family`. */
import { UserError } from "../base/user-error.js";
import { convnet } from "./convnet/convnet.js";

export const families = { convnet } as const;
export type FamilyName = keyof typeof families;
const familyNames = Object.keys(families) as readonly FamilyName[];
const DEFAULT: FamilyName = "convnet";

/**
 * The family of a space file's data; a file without the field belongs to the first.
 * @throws UserError `space/family`
 */
export function familyOf(data: unknown, at: string): (typeof families)[FamilyName] {
  const named = typeof data === "object" && data !== null && "family" in data ? data.family : DEFAULT;
  const name = familyNames.find((known) => known === named);
  if (name) return families[name];
  throw new UserError("space/family", {
    at: `${at}: family`,
    got: JSON.stringify(named),
    want: `one of ${familyNames.join(", ")}`,
    fix: `Leave it out for ${DEFAULT}.`,
  });
}
