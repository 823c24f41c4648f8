/**
 * Pictures named by a list: CSV (commas, semicolons or tabs) or JSON lines, with columns for path, label and perhaps the part. Paths are
 * relative to the list. Hugging Face's metadata.csv and metadata.jsonl are such lists.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, parse } from "node:path";
import { decodedText, lineOfBadText } from "../../base/text.js";
import { UserError, type Problem } from "../../base/user-error.js";
import { readUserBytes } from "../../base/user-file.js";
import { listRows, type Row } from "./labelled-rows.js";
import type { Listing } from "./listing.js";
import { stampOf } from "./stamp.js";
import { isNamedAsPicture } from "../pictures/picture-kind.js";

/** Columns, by names that people give them; letters alone count. The first that is there is taken. */
const columns = {
  path: ["path", "filename", "file", "filepath", "image", "imagepath", "imagefile", "img", "picture"],
  // A name says more than the number beside it.
  label: ["labelname", "classname", "label", "class", "category", "labels", "target"],
  part: ["split", "set", "subset", "part", "dataset"],
} as const;
type Column = keyof typeof columns;

/** Rows named in an error. */
const NAMED = 20;

export const isList = (file: string): boolean => /\.(?:csv|tsv|jsonl|ndjson)$/i.test(file);

/** Whether a list has a column of labels, by its first line. */
export async function hasLabels(path: string): Promise<boolean> {
  const text = decodedText(await readFile(path).catch(() => new Uint8Array())) ?? "";
  const head = /^[^\r\n]*/.exec(text)![0];
  const words = head.split(/["',;\t:{}]+/).map(plainOf);
  return columns.label.some((known) => words.includes(known));
}

const plainOf = (key: string): string => key.toLowerCase().replace(/[^a-z]/g, "");

/** A row as it is in the file. */
interface RawRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * @param files lists, each with the part that its folder says, if any
 * @throws UserError `data/list`, naming file and row
 */
export async function listFiles(
  files: readonly { path: string; part?: string }[],
  at = files[0]!.path,
): Promise<Listing> {
  const lists = await Promise.all(files.map(({ path, part }) => rowsOf(path, part, files.length > 1)));
  const names = files.map(({ path }) => basename(path));
  const unused = [...new Set(lists.flatMap((list) => list.unused))];
  const some = unused.slice(0, NAMED_COLUMNS).join(", ") + (unused.length > NAMED_COLUMNS ? ", …" : "");
  return listRows(
    lists.flatMap(({ rows }) => rows),
    {
      at,
      layout: `the list ${[...new Set(names)].join(", ")}, labels of the column ${lists[0]!.label}`,
      leftOut:
        unused.length > 0 ? `${unused.length} column${unused.length === 1 ? "" : "s"} not used: ${some}` : undefined,
    },
  );
}

/** Columns named one by one. */
const NAMED_COLUMNS = 8;

interface ReadList {
  readonly rows: Row[];
  /** The column of labels. */
  readonly label: string;
  /** Columns that nothing is taken from. */
  readonly unused: readonly string[];
}

async function rowsOf(path: string, partOfFolder: string | undefined, isOneOfSeveral: boolean): Promise<ReadList> {
  const bytes = await readUserBytes(path, { code: "data/list", want: "a list of pictures", fix: "Check the path." });
  const text = decodedText(bytes);
  if (text === undefined) {
    const at = `${path}: row ${lineOfBadText(bytes)}`;
    throw new UserError("data/list", { at, got: "not UTF-8", want: "a list in UTF-8", fix: "Save the list as UTF-8." });
  }
  const rows = /\.(?:jsonl|ndjson)$/i.test(path) ? jsonRows(text, path) : await csvRows(text, path);
  const keys = rows.length === 0 ? [] : Object.keys(rows[0]!.fields);
  const key = keysOf(keys, path, rows.length);
  const folder = dirname(path);
  const nameless = rows.filter(({ fields }) => (textOf(fields[key.path]) ?? "") === "");
  if (nameless.length > 0) {
    const problems = nameless.slice(0, NAMED).map(({ line }): Problem => {
      const fix = "Add it, or remove the row.";
      return { at: `${path}: row ${line}`, got: "without a path", want: "the path of a picture", fix };
    });
    throw new UserError("data/list", problems);
  }
  const listed = rows.map(({ line, fields }): Row => {
    const file = textOf(fields[key.path]) ?? "";
    const row = `row ${line} (${file})`;
    const place = isAbsolute(file) ? file : join(folder, file);
    return {
      name: isOneOfSeveral ? `${basename(folder)}/${row}` : row,
      at: `${path}: ${row}`,
      label: textOf(fields[key.label]),
      part: key.part === undefined ? partOfFolder : textOf(fields[key.part]),
      read: () => readListed(place),
      stamp: () => stampOf(place),
    };
  });
  const used = new Set(Object.values(key));
  return { rows: listed, label: key.label, unused: keys.filter((column) => column !== "" && !used.has(column)) };
}

/** What a column is called in this file. */
function keysOf(
  keys: readonly string[],
  at: string,
  rows: number,
): { path: string; label: string; part: string | undefined } {
  const plain = new Map(keys.map((key) => [plainOf(key), key]));
  const found = (column: Column): string | undefined => {
    const name = columns[column].find((known) => plain.has(known));
    return name === undefined ? undefined : plain.get(name);
  };
  const [path, label, part] = [found("path"), found("label"), found("part")];
  const number = path === undefined && keys.find((key) => /(?:^|_| )id$/i.test(key));
  const fix = "Name the columns in the first line.";
  if (path !== undefined && label !== undefined) return { path, label, part };
  throw new UserError("data/list", {
    at,
    got: rows === 0 ? "without rows" : `with the columns ${keys.slice(0, 10).join(", ")}`,
    want: "a column path (or file_name, image) and a column label (or class, category), and perhaps split",
    fix: number ? `Name the column ${number} path, and write folder and ending: train/12.jpg for 12.` : fix,
  });
}

/** The file that a row names. A number for a name, as competitions have them, is a file with an ending. */
async function readListed(place: string): Promise<Uint8Array> {
  return readFile(place).catch(async (error: unknown) => {
    const names = extname(place) === "" ? await readdir(dirname(place)).catch(() => []) : [];
    const meant = names.find((name) => isNamedAsPicture(name) && parse(name).name === basename(place));
    throw meant === undefined ? error : new Error(`missing, but ${meant} is there: write the ending too`);
  });
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string"
    ? value.trim()
    : typeof value === "number" || typeof value === "boolean"
      ? `${value}`
      : undefined;

async function csvRows(text: string, at: string): Promise<RawRow[]> {
  // Loaded here: other data sets can do without it.
  const { parse: parseCsv } = await import("csv-parse/sync");
  const head = /^[^\r\n]*/.exec(text)![0];
  const delimiter = [",", ";", "\t"].reduce((a, b) => (head.split(b).length > head.split(a).length ? b : a));
  try {
    const columns = (names: string[]): string[] => onlyOnce(names, at);
    const options = { delimiter, bom: true, columns, skip_empty_lines: true, trim: true, info: true } as const;
    const rows = parseCsv(text, options) as unknown as { record: Record<string, string>; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ line: info.lines, fields: record }));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const got = `not CSV (${(error as Error).message})`;
    throw new UserError(
      "data/list",
      { at, got, want: "a first line of column names, and as many fields in each row", fix: "Correct it." },
      { cause: error },
    );
  }
}

/** Where two columns have one name, nobody knows which is meant. */
function onlyOnce(names: string[], at: string): string[] {
  const twice = names.find((name, i) => name !== "" && names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new UserError("data/list", {
    at,
    got: `with two columns ${twice}`,
    want: "columns of different names",
    fix: "Rename or remove one.",
  });
}

function jsonRows(text: string, at: string): RawRow[] {
  const problems: Problem[] = [];
  const rows = text.split(/\r?\n/).flatMap((line, i): RawRow[] => {
    if (line.trim() === "") return [];
    try {
      const fields: unknown = JSON.parse(line);
      if (typeof fields === "object" && fields !== null && !Array.isArray(fields))
        return [{ line: i + 1, fields: fields as Record<string, unknown> }];
    } catch {
      // Said below, as other lines that hold no object are.
    }
    const got = line.length > 40 ? `${line.slice(0, 40)}…` : line;
    problems.push({ at: `${at}: row ${i + 1}`, got, want: "an object of JSON in one line", fix: "Correct it." });
    return [];
  });
  if (problems.length > 0) throw new UserError("data/list", problems.slice(0, NAMED));
  return rows;
}
