/**
 * What every source of pictures comes down to: a list of pictures that can be read one by one. Listing looks at names and first bytes only;
 * read-pictures.ts reads them all once, picture-images.ts decodes them when they are asked for.
 */

/** A picture that a source names. */
export interface Entry {
  /** Its place in the source, the same wherever the source lies: `cat/1.jpg`, `row 12 (cat/1.jpg)`. */
  readonly name: string;
  /** Its place for errors: a path, or a file and a place in it. */
  readonly at: string;
  /** An index into the listing's classes. */
  readonly label: number;
  /** The file's bytes, not decoded. */
  readonly read: () => Promise<Uint8Array>;
  /** What changes when the bytes do, such as size and time of change. Without it every command reads the source again. */
  readonly stamp?: () => Promise<string>;
}

/** The pictures of a source, in an order that is always the same. */
export interface Listing {
  readonly classes: readonly string[];
  readonly train: readonly Entry[];
  readonly test: readonly Entry[];
  /** Pictures that the source itself sets aside for validation. Empty: a share of the training pictures will be. */
  readonly validation: readonly Entry[];
  /** How the source was understood, in words: a phrase without a full stop. */
  readonly layout: string;
  /** Everything there that is not used, in words: `12 files left out: 12 .txt`. Undefined: nothing. */
  readonly leftOut: string | undefined;
  /** What a user should know besides, a sentence each. */
  readonly hints: readonly string[];
}

/** Every so many pictures of a class, in order of name, are held out for testing where a source has none of its own. */
export const HELD_OUT = 5;

/** The training and test pictures of a source without test pictures. */
export function holdOut(entries: readonly Entry[]): { train: Entry[]; test: Entry[] } {
  const seen = new Map<number, number>();
  const isHeldOut = ({ label }: Entry): boolean => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before % HELD_OUT === HELD_OUT - 1;
  };
  const test = entries.filter(isHeldOut);
  const chosen = new Set(test);
  return { train: entries.filter((entry) => !chosen.has(entry)), test };
}

export const heldOutWords = "every fifth picture of a class held out for testing";
