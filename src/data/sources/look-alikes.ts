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
  if (looksOf(a).toLowerCase() === looksOf(b).toLowerCase()) return "they differ in upper and lower case";
  return isNumber(a) && isNumber(b) && Number(a) === Number(b) ? "they are the same number" : undefined;
}

const isNumber = (name: string): boolean => /^-?\d+(?:\.\d+)?$/.test(name);

/** What tools write where a value is missing. */
const MISSING = /^(?:nan|none|null|n\/?a|<na>|nat|undefined)$/i;

/** What to say of names that may be mistakes, a sentence each. */
export function hintsOf(classes: readonly string[]): string[] {
  const first = new Map<string, string>();
  return classes.flatMap((name) => {
    const key = isNumber(name) ? `${Number(name)}` : looksOf(name).toLowerCase();
    const twin = first.get(key);
    if (twin === undefined) first.set(key, name);
    return [
      ...(twin === undefined ? [] : [`${twin} and ${name} are two classes: ${whyAlike(twin, name)!}.`]),
      ...(MISSING.test(name) ? [`${name} is used as a class: many tools write it where a label is missing.`] : []),
    ];
  });
}
