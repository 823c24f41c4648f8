/** Reads JSON files: parses them, checks them by a schema and by their seal. Whatever is wrong is a UserError that names the place. */
import type { z } from "zod";
import { problemsOf } from "./schema-problems.js";
import { isSealed, type Seal } from "./seal.js";
import { decodedText } from "./text.js";
import { UserError, type ErrorCode } from "./user-error.js";
import { readUserBytes, readUserBytesIfAny, type Mistake } from "./user-file.js";

/** A kind of JSON file, whatever its schema. */
export interface FileKind {
  /** The code of an error about wrong content. */
  readonly code: ErrorCode;
  /** What to do about wrong content: a full sentence. */
  readonly fix: string;
  /** What should lie there, said of a path that can't be read. */
  readonly want: string;
  /** The code and the fix of an error about a path that can't be read, where they differ. */
  readonly unreadable?: { readonly code?: ErrorCode; readonly fix?: string };
  /** How the file is sealed; without it no seal is asked for. */
  readonly seal?: Seal;
}

/** A kind of JSON file and its schema. */
export interface DocumentKind<Schema extends z.ZodType> extends FileKind {
  readonly schema: Schema;
}

/** @throws UserError with the kind's codes; all that the schema refuses comes in one error */
export async function readDocument<S extends z.ZodType>(path: string, kind: DocumentKind<S>): Promise<z.output<S>> {
  return parseDocument(await readUserBytes(path, mistakeOf(kind)), path, kind);
}

/** As `readDocument`, of bytes that were read from the path. */
export const parseDocument = <S extends z.ZodType>(
  bytes: Uint8Array,
  path: string,
  kind: DocumentKind<S>,
): z.output<S> => checkDocument(parseJson(bytes, path, kind.code), path, kind);

/** As `readDocument`; undefined where there is no such file. */
export async function readDocumentIfAny<S extends z.ZodType>(
  path: string,
  kind: DocumentKind<S>,
): Promise<z.output<S> | undefined> {
  const bytes = await readUserBytesIfAny(path, mistakeOf(kind));
  return bytes && parseDocument(bytes, path, kind);
}

/** A file's JSON, unchecked: for files that hold the document among other things. */
export const readJson = async (path: string, kind: FileKind): Promise<unknown> =>
  parseJson(await readUserBytes(path, mistakeOf(kind)), path, kind.code);

/**
 * Checks data as it was parsed.
 * @param at names it in errors
 */
export function checkDocument<S extends z.ZodType>(data: unknown, at: string, kind: DocumentKind<S>): z.output<S> {
  const { schema, code, fix, seal } = kind;
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new UserError(code, problemsOf(parsed.error, data, at, fix));
  if (seal && !isSealed(data as object, seal)) {
    const written = (data as Readonly<Record<string, unknown>>)[seal.field];
    const want = `content with the SHA-256 ${String(written)}`;
    throw new UserError(code, { at, got: "changed since it was written", want, fix });
  }
  return parsed.data;
}

const mistakeOf = ({ code, want, fix, unreadable }: FileKind): Mistake => ({
  code,
  want,
  fix,
  ...unreadable,
});

function parseJson(bytes: Uint8Array, at: string, code: ErrorCode): unknown {
  const text = decodedText(bytes);
  if (text === undefined) {
    throw new UserError(code, { at, got: "not UTF-8", want: "one JSON value", fix: "Save it as UTF-8." });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const fix = `Fix it: ${(error as Error).message}.`;
    throw new UserError(code, { at, got: "not JSON", want: "one JSON value", fix }, { cause: error });
  }
}
