/** What people give that nestling does not read, known by its name, and the way from there. */
import { dirname, join } from "node:path";
import { UserError } from "../../base/user-error.js";
import { idxNames } from "../binary/idx.js";

/** Files like MNIST's, whatever they are called. */
const IDX = /[-_.]idx\d?(?:$|[-_.])|-ubyte(?:\.gz)?$/i;

/** What is no path but an address: `https://…`, `s3://…`. */
const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

const ways: readonly (readonly [RegExp, string])[] = [
  [/\.(?:t[gbx]z2?|zip|rar|7z|gz|bz2|xz|zst)$/i, "It is packed: unpack it, and give what was in it."],
  [
    /\.tfrec(?:ords?)?(?:$|-\d)/i,
    "TensorFlow's records are not read: write the pictures into class folders, or into the .tar files of WebDataset.",
  ],
  [
    /\.(?:ya?ml|xml|json)$/i,
    "Descriptions of this kind are not read: sort the pictures into class folders, or list them in a .csv or .jsonl file with the columns path and label.",
  ],
  [/\.(?:txt|xlsx?|ods)$/i, "Save it as .csv, with the columns path and label in its first line."],
  [
    /\.(?:np[yz]|h5|hdf5|mat|pkl|pickle|pth?|lmdb|mdb|rec|arrow|feather|ubj)$/i,
    "Arrays of this kind are not read: write each picture as a .png file into the folder of its class.",
  ],
  [
    /\.(?:png|jpe?g|webp|gif|tiff?|bmp|heic|avif|svg)$/i,
    "It is one picture: give the folder that holds a folder for each class.",
  ],
];

/** The way from a thing of this name to what is read; undefined: it is of no kind that is known. */
export const wayFrom = (name: string): string | undefined => ways.find(([pattern]) => pattern.test(name))?.[1];

/** The same of what is at no path. */
export const wayFromAddress = (source: string): string | undefined =>
  ADDRESS.test(source) ? "It is an address: download the pictures, and give their folder." : undefined;

/**
 * Refuses a folder without class folders by what is in it instead, where that is known.
 * @param names of the files in it
 * @throws UserError `data/layout`
 */
export function refuseOtherFiles(folder: string, names: readonly string[]): void {
  const idx = names.find((name) => IDX.test(name));
  if (idx !== undefined) {
    const inner = dirname(idx);
    const usual = Object.values(idxNames).flat().join(", ");
    throw new UserError("data/layout", {
      at: folder,
      got: `without class folders, with ${idx}`,
      want: `pictures in class folders, or IDX files by their usual names: ${usual}`,
      fix: inner === "." ? "Name the four files so." : `Give the folder of the IDX files, ${join(folder, inner)}.`,
    });
  }
  const file = names.find((name) => wayFrom(name) !== undefined && !isNote(name));
  if (file === undefined) return;
  const many = names.length > 1 ? `, one of ${names.length} files` : "";
  throw new UserError("data/layout", {
    at: folder,
    got: `without class folders, with ${file}${many}`,
    want: "a folder of pictures for each class",
    fix: wayFrom(file)!.replace(/^It is/, `${file} is`),
  });
}

/** A text that is no list of pictures, as far as its name tells. */
const isNote = (name: string): boolean =>
  /\.txt$/i.test(name) &&
  !/^(?:train|test|val|valid|validation|labels?|annotations?|list|images?|files?)\b/i.test(name);

/** @throws UserError `data/layout` for the folders of pictures and boxes that detectors are trained on */
export function refuseDetection(folder: string, classes: readonly string[]): void {
  if (classes.length !== 2 || !/^images?$/i.test(classes[0]!) || !/^(?:labels?|annotations?)$/i.test(classes[1]!))
    return;
  throw new UserError("data/layout", {
    at: folder,
    got: `with the folders ${classes.join(" and ")}, as for detection`,
    want: "a folder of pictures for each class",
    fix: "nestling tells whole pictures apart: sort them into class folders, or list them with their labels in a .csv file.",
  });
}
