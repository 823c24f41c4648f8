/** The token that agent and callers share. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.js";
import { writeInTurn } from "../../base/folder-lock.js";
import { readTokenFile, tokenIn } from "../../base/token-file.js";
import { dataFolder } from "../../base/user-folders.js";
import { readUserBytesIfAny } from "../../base/user-file.js";

const mistake = {
  code: "target/token-file",
  want: "a file with the agent's token",
  fix: "Copy the token that `nestling agent` showed into it.",
} as const;

/** @throws UserError `target/token-file` */
export const readToken = (path: string): Promise<string> => readTokenFile(path, mistake);

interface OwnToken {
  readonly token: string;
  readonly file: string;
  /** Made just now. */
  readonly isNew: boolean;
}

/**
 * A server's own token: made at its first start and kept for the next, readable by this user alone. Of two that start at once, one makes it.
 * @throws UserError `target/token-file`, `file/write`, `file/locked`
 */
export async function ownToken(name = "agent-token"): Promise<OwnToken> {
  const file = join(dataFolder(), name);
  const kept = async (): Promise<OwnToken | undefined> => {
    const found = await readUserBytesIfAny(file, mistake);
    return found && { token: tokenIn(found, file, mistake), file, isNew: false };
  };
  const make = async (): Promise<OwnToken> => {
    const token = randomBytes(32).toString("base64url");
    await writeFileAtomic(file, `${token}\n`, 0o600);
    return { token, file, isNew: true };
  };
  return (await kept()) ?? (await writeInTurn(file, async () => (await kept()) ?? (await make())));
}
