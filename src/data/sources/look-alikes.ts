/**
 * Names that look the same and are not: letters with accents in one piece (NFC) or two (NFD), bytes of an older encoding, spaces of
 * several kinds, characters that can't be seen, letters of another case.
 */

/** Spaces of no width, soft hyphens, marks of direction. */
const UNSEEN = /[\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff]/g;

const seen = (name: string): string => name.replace(UNSEEN, "").replace(/\s+/g, " ").trim();
/** How a name looks, whatever its bytes. */
const looksOf = (name: string): string => seen(name.normalize("NFC"));

/** Pairs of different names that look the same, each with the reason. */
export function lookAlikes(
  names: readonly string[],
): { readonly names: readonly [string, string]; readonly why: string }[] {
  const first = new Map<string, string>();
  const found: { names: [string, string]; why: string }[] = [];
  for (const name of names) {
    const before = first.get(looksOf(name));
    if (before === undefined) first.set(looksOf(name), name);
    else found.push({ names: [before, name], why: whyAlike(before, name)! });
  }
  return found;
}

/** Why two names are easily mistaken for one another; undefined: they are not. */
export function whyAlike(a: string, b: string): string | undefined {
  if (a.trim() === b.trim())
    return a === b ? "their bytes are UTF-8 in one and Latin-1 in the other" : "one has spaces around it";
  if (seen(a) === seen(b)) return "one has other spaces, or characters that can't be seen";
  if (looksOf(a) === looksOf(b)) return "one is written in Unicode's form NFC, the other in NFD";
  return looksOf(a).toLowerCase() === looksOf(b).toLowerCase() ? "they differ in upper and lower case" : undefined;
}
