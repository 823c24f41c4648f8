/**
 * Reads every picture of a listing once: which can't be read, which are doubled, and the survey of the others. Pixels are kept while there
 * is room.
 */
import { sha256Of } from "../../base/hash.js";
import { inParallel } from "../../base/in-parallel.js";
import { UserError, type Problem } from "../../base/user-error.js";
import { doubledPictures, type HashedPart } from "../doubled.js";
import type { Images } from "../images.js";
import type { Entry } from "../sources/listing.js";
import { picturesAsImages, type PictureOptions } from "./picture-images.js";
import { surveyOf, type Survey } from "../survey.js";
import { refuseUnreadable } from "./unreadable.js";

type Parts<T> = Readonly<Record<"train" | "test", T>>;

/** The pictures of a part, as images too. */
interface ReadPart extends HashedPart {
  readonly images: Images;
}

export interface ReadOptions extends Omit<PictureOptions, "onFile"> {
  /** What becomes of pictures that can't be read. */
  readonly broken: "refuse" | "skip";
  /** Called after each picture with the number of those read and of all. */
  readonly onPicture?: ((done: number, total: number) => void) | undefined;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Indices of the training pictures that the source sets aside. */
  readonly validationOf: (train: readonly Entry[]) => Uint32Array | undefined;
}

/** What one pass over the pictures finds. */
export interface ReadPictures extends Survey {
  readonly parts: Parts<Pick<ReadPart, "images" | "entries">>;
  /** What to say of doubled pictures, a sentence each. */
  readonly doubled: readonly string[];
  /** Those that can't be read and are left out. */
  readonly broken: readonly Entry[];
}

/** @throws UserError `data/unreadable`: every picture that can't be read, unless these are skipped */
export async function readPictures(entries: Parts<readonly Entry[]>, options: ReadOptions): Promise<ReadPictures> {
  const total = entries.train.length + entries.test.length;
  let done = 0;
  const free = options.room.bytes;
  const problems = new Map<Entry, Problem>();
  const partOf = (list: readonly Entry[]): ReadPart => {
    const hashes = Array<string>(list.length).fill("");
    const onFile = (index: number, file: Uint8Array): void => {
      hashes[index] = sha256Of(file);
      if (done < total) options.onPicture?.(++done, total);
    };
    return { images: picturesAsImages(list, { ...options, onFile }), entries: list, hashes };
  };
  const parts = { train: partOf(entries.train), test: partOf(entries.test) };
  const tolerant = (part: ReadPart): Images => tolerating(part, problems, options.signal);
  const survey = await surveyOf(
    { train: tolerant(parts.train), test: tolerant(parts.test) },
    options.validationOf(entries.train),
  );
  if (problems.size === 0) return { parts, ...survey, doubled: doubledPictures(parts), broken: [] };
  // In their order in the source, whichever was met first.
  const broken = [...entries.train, ...entries.test].filter((entry) => problems.has(entry));
  if (options.broken === "refuse") refuseUnreadable(broken.map((entry) => problems.get(entry)!));
  const whole = (list: readonly Entry[]): Entry[] => list.filter((entry) => !problems.has(entry));
  // Their number is part of the fingerprint: once more, without those. What was kept is dropped.
  options.room.bytes = free;
  return { ...(await readPictures({ train: whole(entries.train), test: whole(entries.test) }, options)), broken };
}

/** The same images, black where a picture can't be read, which is noted. */
function tolerating({ images, entries }: ReadPart, problems: Map<Entry, Problem>, signal?: AbortSignal): Images {
  const one = async (index: number): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    try {
      return await images.read([index]);
    } catch (error) {
      // Pictures for which the machine has no room are whole.
      if (!(error instanceof UserError) || error.code !== "data/unreadable") throw error;
      problems.set(entries[index]!, error.problems[0]!);
      return new Uint8Array(images.height * images.width * images.channels);
    }
  };
  return {
    ...images,
    async read(indices) {
      const bytes = images.height * images.width * images.channels;
      const all = new Uint8Array(indices.length * bytes);
      await inParallel(indices.length, async (i) => all.set(await one(indices[i]!), i * bytes));
      return all;
    },
  };
}
