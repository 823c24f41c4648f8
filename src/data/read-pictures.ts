/**
 * Decodes the pictures of a listing into memory, each prepared for the largest resolution. Pictures that can't be read are named all at
 * once, or left out.
 */
import { sha256Of } from "../base/hash.js";
import { inParallel } from "../base/in-parallel.js";
import { UserError, type Problem } from "../base/user-error.js";
import type { DataPart } from "./dataset.js";
import { decodePicture } from "./decode-picture.js";
import { checkFitsMemory } from "./fits-memory.js";
import type { Entry } from "./listing.js";
import type { Picture } from "./picture.js";
import { prepare } from "./preprocessing.js";

/** Unreadable pictures named in an error; a count stands for the rest. */
const NAMED = 20;

export interface ReadOptions {
  /** Height = width in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** What becomes of pictures that can't be read. */
  readonly broken: "refuse" | "skip";
  /** Called after each picture with the number of those read and of all. */
  readonly onPicture?: ((done: number, total: number) => void) | undefined;
}

/** The pictures of a part, and of each its content's hash. */
export interface ReadPart extends DataPart {
  readonly entries: readonly Entry[];
  /** SHA-256 of each picture's file. */
  readonly hashes: readonly string[];
}

/** @throws UserError `data/memory`; `data/unreadable`: every picture that can't be read, unless these are skipped */
export async function readPictures<Part extends string>(
  parts: Readonly<Record<Part, readonly Entry[]>>,
  options: ReadOptions,
): Promise<{ parts: Record<Part, ReadPart>; broken: Entry[] }> {
  const names = Object.keys(parts) as Part[];
  const total = names.reduce((sum, name) => sum + parts[name].length, 0);
  await checkFitsMemory(total, options.size ** 2 * options.channels);
  let done = 0;
  const onPicture = (): void => options.onPicture?.(++done, total);
  const problems: Problem[] = [];
  const broken: Entry[] = [];
  const read = {} as Record<Part, ReadPart>;
  for (const name of names) {
    const part = await readPart(parts[name], options, onPicture);
    problems.push(...part.broken.map(({ problem }) => problem));
    broken.push(...part.broken.map(({ entry }) => entry));
    read[name] = part;
  }
  if (options.broken === "refuse") refuse(problems);
  return { parts: read, broken };
}

async function readPart(
  entries: readonly Entry[],
  { size, channels }: ReadOptions,
  onPicture: () => void,
): Promise<ReadPart & { broken: { entry: Entry; problem: Problem }[] }> {
  const bytes = size * size * channels;
  // Shared, so that the workers of a training read the same pixels.
  const all = new Uint8Array(new SharedArrayBuffer(entries.length * bytes));
  const problems = Array<Problem | undefined>(entries.length).fill(undefined);
  const hashes = Array<string>(entries.length).fill("");
  await inParallel(entries.length, async (i) => {
    try {
      const file = await entries[i]!.read();
      hashes[i] = sha256Of(file);
      all.set(prepare(await decodePicture(file, channels), size), i * bytes);
    } catch (error) {
      problems[i] = unreadable(entries[i]!, error);
    }
    onPicture();
  });
  const whole = [...entries.keys()].filter((i) => problems[i] === undefined);
  whole.forEach((from, to) => all.copyWithin(to * bytes, from * bytes, (from + 1) * bytes));
  const kept = whole.map((i) => entries[i]!);
  const count = kept.length;
  const labels = Uint16Array.from(kept, ({ label }) => label);
  return {
    images: { count, height: size, width: size, channels, pixels: all.subarray(0, count * bytes), labels },
    pictureAt: (index) => pictureOf(kept[index]!, channels),
    entries: kept,
    hashes: whole.map((i) => hashes[i]!),
    broken: problems.flatMap((problem, i) => (problem ? { entry: entries[i]!, problem } : [])),
  };
}

async function pictureOf(entry: Entry, channels: 1 | 3): Promise<Picture> {
  try {
    return await decodePicture(await entry.read(), channels);
  } catch (error) {
    throw new UserError("data/unreadable", unreadable(entry, error), { cause: error });
  }
}

function unreadable({ at }: Entry, error: unknown): Problem {
  const got = `not readable (${(error as Error).message.split("\n")[0] ?? "unknown"})`;
  return { at, got, want: "a whole image", fix: "Fix or remove it, or leave such pictures out: train --skip-broken." };
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  const got = `${more} images like these`;
  const fix = "Fix or remove them, or leave them out: train --skip-broken.";
  const rest = more > 0 ? [{ at: "and more", got, want: "whole images", fix }] : [];
  throw new UserError("data/unreadable", [...problems.slice(0, NAMED), ...rest]);
}
