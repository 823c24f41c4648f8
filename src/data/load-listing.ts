/** Makes a data set of a listing: in the order of classes that is wanted, without what is to be left out, read, and described. */
import { makeDataset } from "./dataset.js";
import type { Dataset } from "./images.js";
import type { Entry, Listing } from "./sources/listing.js";
import { picturesAsImages } from "./pictures/picture-images.js";
import { readPictures, type ReadPictures } from "./pictures/read-pictures.js";
import { roomFor, type Room } from "./pictures/room-in-memory.js";
import { keepSurvey, knownSurvey, surveyKey } from "./survey-cache.js";

/** What a source of pictures is brought to, and how it is read. */
export interface ImageWishes {
  /** Height = width in pixels: the shorter side is resized to it, the middle is kept. */
  readonly size: number;
  /** 1: grey; 3: RGB. */
  readonly channels: 1 | 3;
  /** Pictures that can't be read are refused, all at once (the default), or skipped. */
  readonly broken?: "refuse" | "skip";
  /** Pictures to leave out, by their place in the source, as `Dataset.broken` has them. */
  readonly leaveOut?: readonly string[];
  /** The order of the classes. It counts where the source has just these; by default they are in natural order. */
  readonly classes?: readonly string[];
  /** Whether pixels are kept in memory, all or none; by default as many as there is room for. The results are the same. */
  readonly images?: "memory" | "stream";
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal;
  /** Called after each picture that was read, with the number of those and of all. */
  readonly onPicture?: (done: number, total: number) => void;
}

/** @throws UserError `data/unreadable`, `data/classes`, `data/test` */
export async function loadListing(name: string, listing: Listing, wishes: ImageWishes): Promise<Dataset> {
  const { classes, ...entries } = inOrder(listing, wishes.classes);
  const leaveOut = new Set(wishes.leaveOut);
  const wanted = (list: readonly Entry[]): Entry[] => list.filter((entry) => !leaveOut.has(entry.name));
  const training = wanted(entries.train);
  const all = { train: [...training, ...wanted(entries.validation)], test: wanted(entries.test) };
  const isForTraining = new Set(training);
  const validationOf = (train: readonly Entry[]): Uint32Array | undefined => {
    const aside = train.flatMap((entry, i) => (isForTraining.has(entry) ? [] : [i]));
    return aside.length > 0 ? Uint32Array.from(aside) : undefined;
  };
  const pictures = all.train.length + all.test.length;
  const room = await roomFor(pictures, wishes.size ** 2 * wishes.channels, wishes.images);
  // Where not all fit, those that are used again and again get the room, not those that the survey meets first.
  const spare = pictures * wishes.size ** 2 * wishes.channels > room.bytes ? room.bytes : 0;
  room.bytes -= spare;
  const { parts, broken, doubled, ...survey } = await readOnce(all, { ...wishes, room, validationOf });
  room.bytes += spare;
  const validation = validationOf(parts.train.entries);
  const { layout, leftOut, hints } = listing;
  const images = { train: parts.train.images, test: parts.test.images };
  const notes = {
    ...{ layout, leftOut },
    hints: [...hints, ...doubled],
    broken: [...leaveOut, ...broken.map((entry) => entry.name)].sort(),
    ...(validation && { validation }),
  };
  return makeDataset(name, classes, images, notes, survey);
}

/** Fewer pictures are read again in less than some seconds, and leave nothing in the user's cache. */
const WORTH_KEEPING = 1000;

type Entries = Readonly<Record<"train" | "test", readonly Entry[]>>;

interface ReadWishes extends ImageWishes {
  readonly room: Room;
  readonly validationOf: (train: readonly Entry[]) => Uint32Array | undefined;
}

/** Reads every picture, unless all were read before and have not changed since. */
async function readOnce(entries: Entries, wishes: ReadWishes): Promise<ReadPictures> {
  const keyOf = ({ train, test }: Entries): Promise<string | undefined> =>
    surveyKey(wishes, { train, test }, wishes.validationOf(train)?.length ?? 0);
  const isWorthKeeping = entries.train.length + entries.test.length >= WORTH_KEEPING;
  const key = isWorthKeeping ? await keyOf(entries) : undefined;
  const known = key === undefined ? undefined : await knownSurvey(key);
  if (known) {
    const partOf = (list: readonly Entry[]) => ({ images: picturesAsImages(list, wishes), entries: list });
    return { ...known, parts: { train: partOf(entries.train), test: partOf(entries.test) }, broken: [] };
  }
  const found = await readPictures(entries, { broken: "refuse", ...wishes });
  const { train, test } = found.parts;
  const isWhole = found.broken.length === 0 || !isWorthKeeping;
  const keyNow = isWhole ? key : await keyOf({ train: train.entries, test: test.entries });
  if (keyNow !== undefined) await keepSurvey(keyNow, found);
  return found;
}

/** A listing with its classes in a given order, if it has just these. */
function inOrder(listing: Listing, order: readonly string[] = listing.classes): Listing {
  const places = listing.classes.map((name) => order.indexOf(name));
  if (order.length !== places.length || places.includes(-1)) return listing;
  const relabelled = (entries: readonly Entry[]): Entry[] =>
    entries.map((entry) => ({ ...entry, label: places[entry.label]! })).sort((a, b) => a.label - b.label);
  const { train, test, validation } = listing;
  return {
    ...{ ...listing, classes: order },
    ...{ train: relabelled(train), test: relabelled(test), validation: relabelled(validation) },
  };
}
