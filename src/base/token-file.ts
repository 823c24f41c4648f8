/** A token that a server and its callers share, in a file. */
import { decodedText } from "./text.js";
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
  const token = decodedText(bytes)?.trim() ?? "";
  const got = faultOf(token);
  if (got === undefined) return token;
  throw new UserError(code, { at, got, want: `one word of at least ${LEAST} characters of ASCII`, fix });
}

function faultOf(token: string): string | undefined {
  if (token === "") return "empty, or no text";
  if (/\s/.test(token)) return "several words";
  if (token.length < LEAST) return `${token.length} characters long`;
  // What an HTTP header carries as it is, whoever sends it.
  return /^[!-~]+$/.test(token) ? undefined : "a word with other characters than ASCII's";
}
