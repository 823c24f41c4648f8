/** A token that a server and its callers share, in a file. */
import { UserError } from "./user-error.js";
import { readUserBytes, type Mistake } from "./user-file.js";

/** Short ones can be guessed. */
const LEAST = 16;

/** @throws UserError with the caller's code, wish and fix */
export async function readTokenFile(path: string, mistake: Mistake): Promise<string> {
  return tokenIn(await readUserBytes(path, mistake), path, mistake);
}

/** @throws UserError as `readTokenFile`, of bytes that were read from `at` */
export function tokenIn(bytes: Uint8Array, at: string, { code, fix }: Mistake): string {
  const token = new TextDecoder().decode(bytes).trim();
  if (token.length >= LEAST && !/\s/.test(token)) return token;
  const got = token === "" ? "empty" : token.length < LEAST ? `${token.length} characters long` : "several words";
  throw new UserError(code, { at, got, want: `one word of at least ${LEAST} characters`, fix });
}
