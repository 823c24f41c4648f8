/** A folder of pictures or of class folders, once its entries are read. */
import { entriesOf, type DiskPlace, type FolderEntry } from "./folder-entries.js";

/** A folder whose entries are known. */
export interface Level {
  readonly place: DiskPlace;
  readonly entries: readonly FolderEntry[];
}

export const levelOf = async (place: DiskPlace): Promise<Level> => ({ place, entries: await entriesOf(place) });
export const foldersOf = ({ entries }: Level): FolderEntry[] => entries.filter(({ kind }) => kind === "folder");
export const hasPictures = ({ entries }: Level): boolean => entries.some(({ kind }) => kind === "picture");
/** Undefined for the folder that was given. */
export const nameOf = (level: Level | undefined): string | undefined => (level?.place as FolderEntry | undefined)?.name;
