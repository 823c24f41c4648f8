/** Reads files that the user named: what can't be read is the caller's mistake with what was found instead. */
import { readFile } from "node:fs/promises";
import { UserError, type ErrorCode } from "./user-error.js";

/** What the caller says of a file that can't be read. */
export interface Mistake {
  readonly code: ErrorCode;
  readonly want: string;
  readonly fix: string;
}

/** What a failed read found at a path. */
export function foundInstead(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  const known: Partial<Record<string, string>> = {
    ENOENT: "missing",
    ENOTDIR: "missing",
    EISDIR: "a folder",
    ELOOP: "a link to itself",
    EACCES: "not readable (permission denied)",
  };
  return known[code] ?? `not readable (${code})`;
}

/**
 * The bytes of a file that the user named.
 * @throws UserError with the caller's code, wish and fix when it can't be read.
 */
export async function readUserBytes(path: string, mistake: Mistake): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, mistake, error);
  });
}

/** As `readUserBytes`; undefined where there is no such file. */
export async function readUserBytesIfAny(path: string, mistake: Mistake): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (foundInstead(error) === "missing") return undefined;
    throw unreadable(path, mistake, error);
  });
}

const unreadable = (path: string, { code, want, fix }: Mistake, cause: unknown): UserError =>
  new UserError(code, { at: path, got: foundInstead(cause), want, fix }, { cause });
