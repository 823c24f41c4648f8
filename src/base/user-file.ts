/** Reads the user's files: text, JSON, and what a zod schema says against it, as problems with a place. */
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { UserError, type Problem } from "./user-error.js";

/** What the caller says of a file that can't be read. */
export interface Mistake {
  readonly code: string;
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
    EACCES: "not readable (permission denied)",
  };
  return known[code] ?? `not readable (${code})`;
}

/**
 * The bytes of a file that the user named.
 * @throws UserError with the caller's code, wish and fix when it can't be read.
 */
export async function readUserBytes(path: string, { code, want, fix }: Mistake): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new UserError(code, { at: path, got: foundInstead(error), want, fix }, { cause: error });
  });
}

/** The text of a file that the user named; throws as `readUserBytes`. */
export const readUserFile = async (path: string, mistake: Mistake): Promise<string> =>
  new TextDecoder().decode(await readUserBytes(path, mistake));

/** Parses JSON, and says where it breaks. */
export function parseJsonFile(text: string, at: string, code: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UserError(
      code,
      { at, got: "not JSON", want: "one JSON value", fix: `Mend it: ${(error as Error).message}.` },
      { cause: error },
    );
  }
}

/** Every complaint of a schema, with the place as `file: stages[2].width[1]` and the value that stands there. */
export function problemsOf(error: z.ZodError, data: unknown, at: string, fix: string): Problem[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((step, i) =>
      typeof step === "number" ? `[${step}]` : `${i ? "." : ""}${String(step)}`,
    );
    const place = path.length > 0 ? `${at}: ${path.join("")}` : at;
    if (issue.code === "unrecognized_keys") {
      return {
        at: place,
        got: `unknown key ${issue.keys.join(", ")}`,
        want: "only known keys",
        fix: `Remove it. ${fix}`,
      };
    }
    const found = issue.path.reduce<unknown>(
      (value, step) =>
        typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
      data,
    );
    return { at: place, got: shown(found), want: wish(issue), fix };
  });
}

const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value).slice(0, 60));

/** zod says "Invalid input: expected number, received string" and "Too small: expected …": the wish is what it expected. */
function wish(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return [...new Set(issue.errors.map(([first]) => (first ? wish(first) : "another value")))].join(" or ");
  const expected = /[Ee]xpected (.*?)(, received.*)?$/.exec(issue.message)?.[1];
  return expected?.replace(/^\w+ to (be|have) /, "") ?? issue.message;
}
