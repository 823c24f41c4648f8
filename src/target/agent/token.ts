/** The token that agent and callers share. */
import { randomBytes } from "node:crypto";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.js";
import { UserError } from "../../base/user-error.js";
import { dataFolder } from "../../base/user-folders.js";
import { readUserBytes, readUserBytesIfAny } from "../../base/user-file.js";

const mistake = {
  code: "target/token-file",
  want: "a file with the agent's token",
  fix: "Copy the token that `nestling agent` showed into it.",
} as const;

/** Short ones can be guessed. */
const LEAST = 16;

/** @throws UserError `target/token-file` */
export async function readToken(path: string): Promise<string> {
  return checked(await readUserBytes(path, mistake), path);
}

/** A server's own token: made at its first start and kept for the next, readable by this user alone. */
export async function ownToken(
  name = "agent-token",
): Promise<{ readonly token: string; readonly file: string; readonly isNew: boolean }> {
  const file = join(dataFolder(), name);
  const found = await readUserBytesIfAny(file, mistake);
  if (found) return { token: checked(found, file), file, isNew: false };
  const token = randomBytes(32).toString("base64url");
  await writeFileAtomic(file, `${token}\n`);
  await chmod(file, 0o600);
  return { token, file, isNew: true };
}

function checked(bytes: Uint8Array, at: string): string {
  const token = new TextDecoder().decode(bytes).trim();
  if (token.length >= LEAST && !/\s/.test(token)) return token;
  const got = token === "" ? "empty" : token.length < LEAST ? `${token.length} characters long` : "several words";
  throw new UserError(mistake.code, { at, got, want: `one word of at least ${LEAST} characters`, fix: mistake.fix });
}
