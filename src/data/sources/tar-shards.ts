/**
 * WebDataset: tar files in which files of one name belong together, KEY.jpg with KEY.cls, KEY.json or KEY.txt. A shard is read through once
 * for its labels and for where each picture lies; pictures are then read by position.
 */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { extract, type Header } from "tar-stream";
import { UserError } from "../../base/user-error.js";
import { lfsFix } from "./git-lfs.js";
import { leftOut } from "./left-out.js";
import { listRows, type Row } from "./labelled-rows.js";
import type { Listing } from "./listing.js";
import { stampOf } from "./stamp.js";
import { isNamedAsPicture } from "../pictures/picture-kind.js";
import { partOfFile, type SourceFile } from "./source-files.js";

/** Labels are short; a longer text is none. */
const LABEL_BYTES = 1 << 16;
/** What a tar file consists of. */
const BLOCK = 512;
/** Where a label is looked for, in this order. */
const labelEndings = ["cls", "json", "txt"] as const;
const labelFields = ["label", "cls", "class", "category", "label_name", "class_name"];

/** An entry as tar-stream gives it. Its types don't know that a header says where the content starts. */
interface TarEntry extends AsyncIterable<unknown> {
  readonly header: Header & { readonly size: number; readonly byteOffset: number };
  resume(): unknown;
}

/** Files of one key. */
interface Sample {
  picture?: { readonly name: string; readonly start: number; readonly size: number };
  readonly texts: Map<string, string>;
}

/** @throws UserError `data/corrupt`, `data/list` */
export async function listTarShards(files: readonly SourceFile[], at: string): Promise<Listing> {
  const unused = leftOut();
  const rows: Row[] = [];
  for (const file of files) {
    const samples = await samplesOf(file.path, (name) =>
      unused.add({ name, kind: isHidden(name) ? "hidden" : "file", isFolder: false }),
    );
    const part = partOfFile(file.name, file.folder);
    const stamp = await stampOf(file.path);
    for (const { picture, texts } of samples.values()) {
      if (!picture) {
        for (const name of texts.keys()) unused.add({ name, kind: "file", isFolder: false });
        continue;
      }
      const { name, start, size } = picture;
      rows.push({
        ...{ name: `${file.name}: ${name}`, at: `${file.path}: ${name}`, part, label: labelOf(texts) },
        read: () => readAt(file.path, start, size),
        stamp: () => Promise.resolve(stamp),
      });
    }
  }
  const layout = `${files.length} tar file${files.length === 1 ? "" : "s"} of WebDataset`;
  const labelFix = "Put it beside the picture, in a file of the same name with the ending .cls, .txt or .json.";
  return listRows(rows, { at, layout, leftOut: unused.inWords(), labelFix });
}

async function samplesOf(path: string, onUnused: (name: string) => void): Promise<Map<string, Sample>> {
  const samples = new Map<string, Sample>();
  const archive = extract();
  const source = createReadStream(path);
  source.on("error", (error) => archive.destroy(error)).pipe(archive);
  try {
    for await (const entry of archive as unknown as AsyncIterable<TarEntry>) {
      const { name, type, size, byteOffset: start } = entry.header;
      const { key, ending } = keyOf(name);
      if (type === "file" && !isHidden(name)) {
        const sample = samples.get(key) ?? { texts: new Map<string, string>() };
        if (isNamedAsPicture(name)) sample.picture ??= { name, start, size };
        else if (labelEndings.some((known) => known === ending) && size <= LABEL_BYTES)
          sample.texts.set(ending, await textIn(entry));
        else onUnused(name);
        samples.set(key, sample);
      } else if (type === "file") onUnused(name);
      entry.resume();
    }
    await refuseWithoutEnd(path);
  } catch (error) {
    const got = `not readable (${(error as Error).message})`;
    const otherwise = "It may be cut off, or packed as .gz: unpack it, or fetch it again.";
    const fix = (await lfsFix(path)) ?? otherwise;
    throw new UserError("data/corrupt", { at: path, got, want: "a whole tar file", fix }, { cause: error });
  } finally {
    source.destroy();
  }
  return samples;
}

/** Two blocks of zeros end a tar file. One that was cut off between two of its files lacks them alone. */
async function refuseWithoutEnd(path: string): Promise<void> {
  const { size } = await stat(path);
  const last = size < BLOCK ? Buffer.alloc(1, 1) : await readAt(path, size - BLOCK, BLOCK);
  if (last.some((byte) => byte !== 0)) throw new Error("its end is missing");
}

/** As WebDataset has it: the ending begins at the first dot of the file's name. */
function keyOf(name: string): { key: string; ending: string } {
  const [, key = name, ending = ""] = /^((?:.*\/)?[^/.]*)\.([^/]*)$/.exec(name) ?? [];
  return { key, ending: ending.toLowerCase() };
}

const isHidden = (name: string): boolean => name.split("/").some((part) => part.startsWith(".") && part !== ".");

async function textIn(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8").trim();
}

function labelOf(texts: ReadonlyMap<string, string>): string | undefined {
  for (const ending of labelEndings) {
    const text = texts.get(ending);
    const label = text === undefined ? undefined : ending === "json" ? fieldOf(text) : text;
    if (label !== undefined && label !== "") return label;
  }
  return undefined;
}

/** The label in a JSON object; undefined where it has none. */
function fieldOf(text: string): string | undefined {
  try {
    const fields = JSON.parse(text) as Record<string, unknown> | null;
    const value = labelFields.map((name) => fields?.[name]).find((found) => found !== undefined);
    return typeof value === "string" || typeof value === "number" ? `${value}` : undefined;
  } catch {
    return undefined;
  }
}

async function readAt(path: string, start: number, size: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, start);
    if (bytesRead < size) throw new Error("the tar file is cut off");
    return buffer;
  } finally {
    await file.close();
  }
}
