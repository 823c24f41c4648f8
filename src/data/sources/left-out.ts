/** Counts what a source holds and nestling does not use, and says it: `12 files left out: 10 .txt, 2 hidden; 1 folder left out: old`. */
import { extname } from "node:path";
import type { FolderEntry } from "./folder-entries.js";

/** Folders named one by one; a count stands for the rest. */
const NAMED = 8;

export interface LeftOut {
  /** @param why what is said of it; by default what it is: its ending, hidden, a broken link */
  add(entry: Pick<FolderEntry, "name" | "kind" | "isFolder">, why?: string): void;
  /** Undefined where nothing was left out. */
  inWords(): string | undefined;
}

export function leftOut(): LeftOut {
  const files = new Map<string, number>();
  const folders = new Map<string, number>();
  const count = (of: Map<string, number>, what: string): unknown => of.set(what, (of.get(what) ?? 0) + 1);
  return {
    add(entry, why) {
      if (entry.isFolder) count(folders, why === undefined ? entry.name : `${entry.name} (${why})`);
      else count(files, why ?? (entry.kind === "file" ? endingOf(entry.name) : entry.kind));
    },
    inWords() {
      const said = [said1("file", files), said1("folder", folders)].filter((words) => words !== undefined);
      return said.length === 0 ? undefined : said.join("; ");
    },
  };
}

const endingOf = (name: string): string => extname(name).toLowerCase() || "without an ending";

function said1(noun: string, counts: ReadonlyMap<string, number>): string | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const each = [...counts].sort(([, a], [, b]) => b - a);
  const named = each
    .slice(0, NAMED)
    .map(([what, n]) => (noun === "folder" ? (n > 1 ? `${what} (${n} times)` : what) : `${n} ${what}`));
  const more = each.length > NAMED ? [`${each.slice(NAMED).reduce((sum, [, n]) => sum + n, 0)} others`] : [];
  return `${total} ${noun}${total === 1 ? "" : "s"} left out: ${[...named, ...more].join(", ")}`;
}
