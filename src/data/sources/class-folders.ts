/**
 * The pictures of a folder that has a folder for each class, in one of these layouts, tried in this order:
 *
 *   FOLDER/train/<class>/…, FOLDER/test/<class>/…, FOLDER/val/<class>/…   test or val may be missing
 *   FOLDER/<any>/train/<class>/…                                           the same in the only folder there
 *   FOLDER/<class>/…, FOLDER/test/<class>/…                                test or val may be missing
 *
 * Class folders of a part may be in the one folder that it holds, as archives unpack. Names such as seg_train are of parts where all are.
 * A class's pictures are in its folder or in folders of that. Without test pictures those of val are the test set, and without these every
 * fifth picture of a class is. Whatever is not used is counted.
 */
import { readdir } from "node:fs/promises";
import { UserError } from "../../base/user-error.js";
import { listPart } from "./class-pictures.js";
import { diskPlace, realPlace, type FolderEntry } from "./folder-entries.js";
import { leftOut, type LeftOut } from "./left-out.js";
import { foldersOf, hasPictures, levelOf, nameOf, type Level } from "./level.js";
import { heldOutWords, holdOut, type Entry, type Listing } from "./listing.js";
import { hintsOf, lookAlikes, whyAlike } from "./look-alikes.js";
import { naturally } from "./natural-order.js";
import { looksLikeSplit, meaningAmong, splitOf, type SplitName } from "./splits.js";

const splitAmong = (level: Level, split: SplitName): FolderEntry[] =>
  foldersOf(level).filter(({ name }) => partOf(level)(name) === split);

/** The part that a folder's name means among the others. */
const partOf = (level: Level): ((name: string) => SplitName | undefined) =>
  meaningAmong(foldersOf(level).map(({ name }) => name));

/** @throws UserError `data/classes`, `data/layout`, `data/unreadable` */
export async function listClassFolders(folder: string): Promise<Listing> {
  const unused = leftOut();
  const chain = await chainOf(await levelOf(diskPlace(folder)));
  const innermost = chain.at(-1)!;
  const top = splitAmong(innermost, "train").length > 0 ? innermost : chain[0]!;
  const around = chain.slice(0, chain.indexOf(top));
  for (const { entries } of around) for (const entry of entries) if (entry.kind !== "folder") unused.add(entry);
  const within = top === chain[0] ? "" : ` in ${nameOf(top)!}`;
  const listing = await (splitAmong(top, "train").length > 0 ? listSplits(top, unused) : listClasses(top, unused));
  return { ...listing, layout: listing.layout + within, leftOut: unused.inWords() };
}

/** Folders in a folder, as archives unpack, deeper than anyone means them. */
const DEEPEST = 8;

/** A level and, where all of it is in one folder, that folder's, and so forth. */
async function chainOf(top: Level): Promise<Level[]> {
  const chain = [top];
  for (let last = top; chain.length < DEEPEST; chain.push(last)) {
    const [only, ...others] = foldersOf(last);
    if (!only || others.length > 0 || hasPictures(last) || looksLikeSplit(only.name)) break;
    last = await levelOf(only);
  }
  return chain;
}

type Found = Omit<Listing, "leftOut">;

/** FOLDER/train/<class> and what is beside it. */
async function listSplits(top: Level, unused: LeftOut): Promise<Found> {
  const trains = splitAmong(top, "train");
  if (trains.length > 1) {
    throw new UserError("data/layout", {
      at: top.place.at,
      got: `with several folders of training pictures: ${trains.map(({ name }) => name).join(", ")}`,
      want: "one",
      fix: "Put their class folders into one of them, or move the others away.",
    });
  }
  const train = trains[0]!;
  const trainLevel = await partLevel(train, unused);
  const classes = classesOf(trainLevel);
  const kept = new Set<FolderEntry>([train]);
  const beside = { top, classes, kept, unused };
  const [validation, test] = [await splitBeside("validation", beside), await splitBeside("test", beside)];
  for (const entry of top.entries) if (!kept.has(entry)) unused.add(entry, whyUnused(entry, kept));
  const read = async (level: Level | undefined): Promise<Entry[]> =>
    level ? listPart(level, classes, [top.place], unused) : [];
  const entries = { train: await read(trainLevel), validation: await read(validation), test: await read(test) };
  return inParts(entries, {
    classes,
    hints: hintsOf(classes),
    places: { train: nameOf(trainLevel), validation: nameOf(validation), test: nameOf(test) },
  });
}

/** FOLDER/<class>, and perhaps test and val beside them that have the same classes. */
async function listClasses(top: Level, unused: LeftOut): Promise<Found> {
  const named = foldersOf(top).filter(({ name }) => splitOf(name) !== undefined);
  const others = foldersOf(top).filter((entry) => !named.includes(entry));
  const parts: Partial<Record<SplitName, Level>> = {};
  for (const entry of named) {
    const level = await levelOf(entry);
    const inner = foldersOf(level).map(({ name }) => name);
    const split = splitOf(entry.name)!;
    const isPart =
      !hasPictures(level) && inner.length > 0 && inner.every((name) => others.some((o) => o.name === name));
    if (isPart && !parts[split]) parts[split] = level;
  }
  const taken = new Set(Object.values(parts).map(({ place }) => place));
  const above = await linksAbove(top);
  for (const entry of above) unused.add(entry, "a link to a folder that is read already");
  const own: Level = {
    ...top,
    entries: top.entries.filter((entry) => !taken.has(entry) && !above.includes(entry)),
  };
  const classes = classesOf(own);
  await refuseOneClass(own, classes);
  const read = async (level: Level | undefined): Promise<Entry[]> =>
    level ? listPart(level, classes, [top.place], unused) : [];
  const entries = { train: await read(own), validation: await read(parts.validation), test: await read(parts.test) };
  const odd = classes.filter(looksLikeSplit);
  const hints = odd.map((name) => `${name} is used as a class: beside it there is no folder of training pictures.`);
  return inParts(entries, {
    classes,
    hints: [...hintsOf(classes), ...hints, ...(await sameWithin(own))],
    places: { train: "", validation: nameOf(parts.validation), test: nameOf(parts.test) },
  });
}

interface Parts {
  readonly train: Entry[];
  readonly validation: Entry[];
  readonly test: Entry[];
}

interface About {
  readonly classes: readonly string[];
  readonly hints: readonly string[];
  /** What the folders of the parts are called; train is empty where class folders are not in one. */
  readonly places: Readonly<Record<SplitName, string | undefined>>;
}

/** Which part is used for what. */
function inParts({ train, validation, test }: Parts, { classes, hints, places }: About): Found {
  const trained = places.train === "" ? "class folders" : `class folders in ${places.train!}`;
  if (test.length > 0) {
    const tested = `, ${places.test!} for testing`;
    const validated = validation.length > 0 ? `, ${places.validation!} for validation` : "";
    return { classes, hints, train, validation, test, layout: trained + tested + validated };
  }
  if (validation.length > 0) {
    const layout = `${trained}, ${places.validation!} for testing`;
    return { classes, hints, train, validation: [], test: validation, layout };
  }
  const empty = [places.validation, places.test].filter((place) => place !== undefined);
  const said = empty.map((place) => `${place} has no pictures.`);
  const layout = `${trained}, ${heldOutWords}`;
  return { classes, hints: [...hints, ...said], validation: [], ...holdOut(train), layout };
}

/** A part's folder, or the only one in it where that is no class but has folders itself: `seg_train/seg_train/<class>`, `train/images/<class>`. */
async function partLevel(entry: FolderEntry, unused: LeftOut, classes?: readonly string[]): Promise<Level> {
  const own = await levelOf(entry);
  const [only, ...others] = foldersOf(own);
  if (!only || others.length > 0 || hasPictures(own) || classes?.includes(only.name)) return own;
  const inner = await levelOf(only);
  if (foldersOf(inner).length < (classes ? 1 : 2) || hasPictures(inner)) return own;
  for (const beside of own.entries) if (beside !== only) unused.add(beside);
  return { ...inner, place: { ...only, name: `${entry.name}/${only.name}` } as FolderEntry };
}

interface Beside {
  readonly top: Level;
  readonly classes: readonly string[];
  readonly kept: Set<FolderEntry>;
  readonly unused: LeftOut;
}

/** The folder of a part with class folders in it; the first of several. It is kept from being counted as left out. */
async function splitBeside(split: SplitName, { top, classes, kept, unused }: Beside): Promise<Level | undefined> {
  for (const entry of splitAmong(top, split)) {
    const level = await partLevel(entry, unused, classes);
    const names = foldersOf(level).map(({ name }) => name);
    // A folder of pictures without classes, as of competitions, can't test anything.
    if (names.length === 0) continue;
    refuseOtherClasses(level.place.at, names, classes);
    kept.add(entry);
    return level;
  }
  return undefined;
}

function refuseOtherClasses(at: string, names: readonly string[], classes: readonly string[]): void {
  const extra = names.filter((name) => !classes.includes(name));
  if (extra.length === 0) return;
  const alike = extra.flatMap((name) => {
    const twin = classes.find((other) => whyAlike(name, other) !== undefined);
    return twin === undefined
      ? []
      : [`${name} looks like ${twin} of the training pictures, but ${whyAlike(name, twin)!}.`];
  });
  throw new UserError("data/classes", {
    at,
    got: extra.join(", "),
    want: "the classes of train/ only",
    fix: alike.length > 0 ? `${alike.join(" ")} Rename it.` : "Move these folders, or add their training images.",
  });
}

function whyUnused({ name, kind }: FolderEntry, kept: ReadonlySet<FolderEntry>): string | undefined {
  if (kind === "picture") return "picture outside the class folders";
  if (kind !== "folder") return undefined;
  const split = splitOf(name);
  if (split === undefined)
    return looksLikeSplit(name) ? "looks like a part of the data, not known by this name" : undefined;
  const used = [...kept].find((entry) => splitOf(entry.name) === split);
  return used ? `${used.name} is used` : "without class folders";
}

/** @throws UserError `data/classes` for names that look the same */
function classesOf(level: Level): string[] {
  const classes = foldersOf(level)
    .map(({ name }) => name)
    .sort(naturally);
  const same = lookAlikes(classes);
  if (same.length > 0) {
    throw new UserError(
      "data/classes",
      same.map(({ names, why }) => ({
        at: level.place.at,
        got: `with two folders whose names look the same, ${names.join(" and ")}: ${why}`,
        want: "a class in one folder",
        fix: "Put the pictures into one of them, or rename one.",
      })),
    );
  }
  return classes;
}

/** Links to the folder itself or to one above it: no classes. */
async function linksAbove({ place, entries }: Level): Promise<FolderEntry[]> {
  const own = await realPlace(place.path);
  const folders = entries.filter(({ kind }) => kind === "folder");
  const places = await Promise.all(folders.map(({ path }) => realPlace(path)));
  return folders.filter((_, i) => `${own}/`.startsWith(`${places[i]!.replace(/\/$/, "")}/`));
}

/** Folders of folds look like classes: what is in all of them may be the classes. */
async function sameWithin(top: Level): Promise<string[]> {
  let names: string[] | undefined;
  for (const { path } of foldersOf(top)) {
    const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
    const own = entries.map(({ name }) => name).sort(naturally);
    if (own.length < 2 || entries.some((entry) => entry.isFile())) return [];
    if (names && names.join("/") !== own.join("/")) return [];
    names = own;
  }
  if (!names) return [];
  const listed = names.slice(0, 5).join(", ");
  return [
    `Each class has the folders ${listed}: if these are the classes, name the folders around them train, val and test.`,
  ];
}

/** A folder around the class folders is easily given instead of theirs. */
async function refuseOneClass(top: Level, classes: readonly string[]): Promise<void> {
  if (classes.length !== 1) return;
  const inner = (await chainOf(top)).at(-1)!;
  const names = foldersOf(inner).map(({ name }) => name);
  if (inner === top || hasPictures(inner) || names.length < 2) return;
  throw new UserError("data/classes", {
    at: top.place.at,
    got: `with one class, ${classes[0]!}, whose pictures are in ${names.sort(naturally).slice(0, 5).join(", ")}`,
    want: "a folder for each of at least two classes",
    fix: `If these are the classes, give ${inner.place.at}.`,
  });
}
