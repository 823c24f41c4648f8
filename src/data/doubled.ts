/** Files of the same bytes: counted and named, never removed. Those in both training and test pictures make test figures too good. */
import type { Entry } from "./sources/listing.js";

/** The pictures of a part, and the SHA-256 of each one's file. */
export interface HashedPart {
  readonly entries: readonly Entry[];
  readonly hashes: readonly string[];
}

/** Pairs named; a count stands for the rest. */
const NAMED = 3;

interface Picture {
  readonly name: string;
  readonly label: number;
  readonly part: string;
}

/** What to say of doubled pictures, a sentence each. */
export function doubledPictures(parts: Readonly<Record<"train" | "test", HashedPart>>): string[] {
  const first = new Map<string, Picture>();
  const [same, across, labels]: [string[], string[], string[]] = [[], [], []];
  for (const part of ["train", "test"] as const) {
    const { entries, hashes } = parts[part];
    entries.forEach(({ name, label }, i) => {
      const before = first.get(hashes[i]!);
      if (!before) return void first.set(hashes[i]!, { name, label, part });
      const pair = `${name} = ${before.name}`;
      if (before.label !== label) labels.push(pair);
      (before.part === part ? same : across).push(pair);
    });
  }
  const say = (pairs: readonly string[], what: string): string[] =>
    pairs.length === 0 ? [] : [`Doubled pictures, ${what}: ${pairs.length}, ${named(pairs)}.`];
  return [
    ...say(across, "in the test set also among the training pictures, which makes test figures too good"),
    ...say(same, "twice in one part"),
    ...say(labels, "of two classes at once"),
  ];
}

const named = (pairs: readonly string[]): string =>
  pairs.slice(0, NAMED).join(", ") + (pairs.length > NAMED ? `, and ${pairs.length - NAMED} more` : "");
