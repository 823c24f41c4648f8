/** A JSON file with a seal: its last field is the SHA-256 of all others, so a damaged digit is noticed as a damaged brace is. */
import { createHash } from "node:crypto";
import { UserError } from "./user-error.js";

const hashOf = (fields: object): string => createHash("sha256").update(JSON.stringify(fields)).digest("hex");

export const sealed = <T extends object>(fields: T): T & { readonly sha256: string } => ({
  ...fields,
  sha256: hashOf(fields),
});

/**
 * Holds data as it was read, not what a schema made of it, against its seal.
 * @throws UserError with the given code
 */
export function checkSeal(data: object, { at, code, fix }: { at: string; code: string; fix: string }): void {
  const { sha256, ...fields } = data as { readonly sha256?: unknown };
  if (sha256 === hashOf(fields)) return;
  throw new UserError(code, {
    at,
    got: "changed since it was written",
    want: `content with the SHA-256 ${String(sha256)}`,
    fix: `The file is damaged: ${fix}`,
  });
}
