/** A JSON file with a seal: its last field is the SHA-256 of all others, so a damaged digit is noticed as a damaged brace is. */
import { sha256OfJson } from "./hash.js";
import { UserError } from "./user-error.js";

export const sealed = <T extends object>(fields: T): T & { readonly sha256: string } => ({
  ...fields,
  sha256: sha256OfJson(fields),
});

/**
 * Holds data as it was read, not what a schema made of it, against its seal.
 * @throws UserError with the given code
 */
export function checkSeal(data: object, { at, code, fix }: { at: string; code: string; fix: string }): void {
  const { sha256, ...fields } = data as { readonly sha256?: unknown };
  if (sha256 === sha256OfJson(fields)) return;
  throw new UserError(code, {
    at,
    got: "changed since it was written",
    want: `content with the SHA-256 ${String(sha256)}`,
    fix: `The file is damaged: ${fix}`,
  });
}
