/** The pictures of class folders: in these and in folders of these, links followed, each folder once. */
import { readFile } from "node:fs/promises";
import { UserError } from "../../base/user-error.js";
import { realPlace, type DiskPlace, type FolderEntry } from "./folder-entries.js";
import type { LeftOut } from "./left-out.js";
import { foldersOf, levelOf, nameOf, type Level } from "./level.js";
import type { Entry } from "./listing.js";
import { stampOf } from "./stamp.js";
import { byCodeUnit } from "./natural-order.js";
import { splitOf } from "./splits.js";

/** The pictures of a folder of class folders, in order of class and name. */
export async function listPart(
  level: Level,
  classes: readonly string[],
  above: readonly DiskPlace[],
  unused: LeftOut,
): Promise<Entry[]> {
  for (const entry of level.entries) {
    if (entry.kind !== "folder")
      unused.add(entry, entry.kind === "picture" ? "picture outside the class folders" : undefined);
  }
  const part = nameOf(level);
  // A link to a folder above would bring in the pictures of all classes.
  const around = await Promise.all([...above, level.place].map(({ path }) => realPlace(path)));
  const lists: Entry[][] = [];
  for (const folder of foldersOf(level)) {
    const label = classes.indexOf(folder.name);
    const found: { name: string; picture: FolderEntry }[] = [];
    await collect(folder, part === undefined ? folder.name : `${part}/${folder.name}`, new Set(around), found, unused);
    found.sort((a, b) => byCodeUnit(a.name, b.name));
    lists[label] = found.map(({ name, picture: { at, path } }) => ({
      ...{ name, at, label },
      read: () => readFile(path),
      stamp: () => stampOf(path),
    }));
  }
  return lists.flat();
}

/** @param seen real places of folders that were read, or are above */
async function collect(
  folder: FolderEntry,
  name: string,
  seen: Set<string>,
  found: { name: string; picture: FolderEntry }[],
  unused: LeftOut,
): Promise<void> {
  const place = await realPlace(folder.path);
  if (seen.has(place)) {
    unused.add(folder, "a link to a folder that is read already");
    return;
  }
  seen.add(place);
  const level = await levelOf(folder);
  refuseSplitWithin(level);
  for (const entry of level.entries) {
    const inner = `${name}/${entry.name}`;
    if (entry.kind === "picture") found.push({ name: inner, picture: entry });
    else if (entry.kind === "folder") await collect(entry, inner, seen, found, unused);
    else unused.add(entry);
  }
}

/** <class>/train and <class>/test: read as one class's pictures, test pictures would be trained on. */
function refuseSplitWithin(level: Level): void {
  const splits = foldersOf(level).filter(({ name }) => splitOf(name) !== undefined);
  if (new Set(splits.map(({ name }) => splitOf(name))).size < 2) return;
  throw new UserError("data/layout", {
    at: level.place.at,
    got: `with ${splits.map(({ name }) => name).join(" and ")} in it`,
    want: "the parts outside, the classes within: train/<class>/ and test/<class>/",
    fix: "Move the pictures so, or give a list of them.",
  });
}
