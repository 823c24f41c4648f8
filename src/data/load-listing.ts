/** Makes a data set of a listing: in the order of classes that is wanted, without what is to be left out, read, and described. */
import { doubledPictures } from "./doubled.js";
import { makeDataset } from "./dataset.js";
import type { Dataset } from "./images.js";
import type { Entry, Listing } from "./listing.js";
import { readPictures } from "./read-pictures.js";

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
  const { parts, broken } = await readPictures(all, { broken: "refuse", ...wishes });
  const isForTraining = new Set(training);
  const validation = parts.train.entries.flatMap((entry, i) => (isForTraining.has(entry) ? [] : [i]));
  const { layout, leftOut, hints } = listing;
  return makeDataset(name, classes, parts, {
    ...{ layout, leftOut },
    hints: [...hints, ...doubledPictures(parts)],
    broken: [...leaveOut, ...broken.map((entry) => entry.name)].sort(),
    ...(validation.length > 0 && { validation: Uint32Array.from(validation) }),
  });
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
