/**
 * Image data sets of Hugging Face as parquet files: a column of pictures { bytes, path }, a column of labels whose names are in the file's
 * metadata, and the part in the file's name: train-00000-of-00002.parquet.
 */
import { basename } from "node:path";
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { UserError } from "../../base/user-error.js";
import { lfsFix } from "./git-lfs.js";
import { listRows, type Row } from "./labelled-rows.js";
import type { Listing } from "./listing.js";
import { stampOf } from "./stamp.js";
import { partOfFile, type SourceFile } from "./source-files.js";

/** Names of label columns, of several the first. */
const labelNames = ["label", "fine_label", "labels", "class", "category", "target"];
/** Row groups whose pictures are kept: they are read in order, by a few readers at a time. */
const KEPT_GROUPS = 2;

interface Features {
  readonly image: string;
  readonly label: string;
  readonly classes: readonly string[] | undefined;
}

/** @throws UserError `data/corrupt`, `data/list` */
export async function listParquet(files: readonly SourceFile[], at: string): Promise<Listing> {
  const parts = [];
  for (const file of files) parts.push(await readFileOf(file));
  const { label, classes } = parts[0]!.features;
  const other = parts.find(({ features }) => JSON.stringify(features.classes) !== JSON.stringify(classes));
  if (other) {
    const got = `of other classes than ${files[0]!.path}`;
    throw new UserError("data/list", { at: other.path, got, want: "files of one data set", fix: "Move it away." });
  }
  const rows = parts.flatMap((part) => part.rows);
  // Hugging Face writes -1 where labels are kept secret.
  const labelled = rows.filter((row) => row.label !== undefined);
  const count = rows.length - labelled.length;
  return listRows(labelled, {
    at,
    layout: `${files.length} parquet file${files.length === 1 ? "" : "s"}, labels of the column ${label}`,
    leftOut: count > 0 ? `${count} row${count === 1 ? "" : "s"} without a label left out` : undefined,
    classes,
  });
}

async function readFileOf({
  path,
  name,
  folder,
}: SourceFile): Promise<{ path: string; features: Features; rows: Row[] }> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const features = featuresOf(metadata, path);
    const columns = [features.label];
    const labels = await parquetReadObjects({ file, metadata, columns, compressors });
    const pictures = picturesOf(file, metadata, features.image);
    const part = partOfFile(name, folder);
    const stamp = await stampOf(path);
    const rows = labels.map((row, i): Row => {
      const place = `row ${i}`;
      return {
        name: `${name}: ${place}`,
        at: `${path}: ${place}`,
        label: labelOf(row[features.label], features.classes, `${path}: ${place}`),
        part,
        read: () => pictures(i),
        stamp: () => Promise.resolve(stamp),
      };
    });
    return { path, features, rows };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const fix = await lfsFix(path);
    throw corrupt(path, `not readable (${(error as Error).message})`, {
      cause: error,
      ...(fix !== undefined && { fix }),
    });
  }
}

function labelOf(value: unknown, classes: readonly string[] | undefined, at: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (!classes) return `${value as string | number | bigint}`;
  const number = Number(value);
  if (number === -1) return undefined;
  const name = classes[number];
  if (name === undefined) {
    throw corrupt(at, `with label ${number}`, {
      want: `labels below ${classes.length}, the number of classes that it names`,
      fix: "Write it with the names of all its classes, or with the names as labels.",
    });
  }
  return name;
}

/** Which columns hold pictures and labels: as Hugging Face's metadata says, else by their names. */
function featuresOf({ schema, key_value_metadata: pairs = [] }: FileMetaData, at: string): Features {
  const text = pairs.find(({ key }) => key === "huggingface")?.value ?? "{}";
  const told = JSON.parse(text) as {
    info?: { features?: Record<string, { _type?: string; names?: string[] }> };
  } | null;
  const features = told?.info?.features ?? {};
  const columns = topLevel(schema);
  const image =
    Object.keys(features).find((name) => features[name]?._type === "Image") ??
    columns.find(({ children }) => children.includes("bytes"))?.name;
  const named = labelNames.find((name) => columns.some((column) => column.name === name));
  const label = named ?? Object.keys(features).find((name) => features[name]?._type === "ClassLabel");
  if (image !== undefined && label !== undefined) return { image, label, classes: features[label]?.names };
  throw new UserError("data/list", {
    at,
    got: `with the columns ${columns.map(({ name }) => name).join(", ")}`,
    want: "a column of pictures (bytes and path) and a column label",
    fix: "Give an image classification data set.",
  });
}

/** Columns, and what is in those that are structures: a schema is a tree, written depth first. */
function topLevel(schema: FileMetaData["schema"]): { name: string; children: string[] }[] {
  const columns: { name: string; children: string[] }[] = [];
  for (let i = 1; i < schema.length; i++) {
    const { name, num_children: count = 0 } = schema[i]!;
    columns.push({ name, children: schema.slice(i + 1, i + 1 + count).map((child) => child.name) });
    let inner = count;
    while (inner-- > 0) inner += schema[++i]?.num_children ?? 0;
  }
  return columns;
}

/** Reads pictures by row. A row group is decoded at once, and the last few are kept. */
function picturesOf(file: AsyncBuffer, metadata: FileMetaData, column: string): (row: number) => Promise<Uint8Array> {
  const ends: number[] = [];
  for (const { num_rows: rows } of metadata.row_groups) ends.push((ends.at(-1) ?? 0) + Number(rows));
  const kept = new Map<number, Promise<Record<string, unknown>[]>>();
  const groupOf = (group: number): Promise<Record<string, unknown>[]> => {
    const found = kept.get(group) ?? readGroup(file, metadata, column, ends[group - 1] ?? 0, ends[group]!);
    // The one asked for last is the youngest.
    kept.delete(group);
    kept.set(group, found);
    if (kept.size > KEPT_GROUPS) kept.delete(kept.keys().next().value!);
    return found;
  };
  return async (row) => {
    const group = ends.findIndex((end) => row < end);
    const picture = (await groupOf(group))[row - (ends[group - 1] ?? 0)]?.[column] as
      { bytes?: Uint8Array } | undefined;
    if (!picture?.bytes?.length) throw new Error("the row holds no bytes of a picture");
    return picture.bytes;
  };
}

async function readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  const { parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  return parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd, compressors, utf8: false });
}

const corrupt = (
  at: string,
  got: string,
  {
    cause,
    want = "a whole parquet file",
    fix = `Fetch ${basename(at)} again.`,
  }: { readonly cause?: unknown; readonly want?: string; readonly fix?: string },
): UserError => new UserError("data/corrupt", { at, got, want, fix }, { cause });
