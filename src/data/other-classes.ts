/** What differs between the classes of a data set and those of a run or a child: there may be a thousand. */

/**
 * Says the first difference: how many there are, or the first name that is another one.
 * @returns undefined where they are the same
 */
export function otherClasses(
  found: readonly string[],
  wanted: readonly string[],
): { readonly got: string; readonly want: string } | undefined {
  if (found.length !== wanted.length) return { got: `of ${found.length} classes`, want: `${wanted.length}` };
  const first = wanted.findIndex((name, i) => name !== found[i]);
  if (first < 0) return undefined;
  const nameIn = (names: readonly string[]): string => `${JSON.stringify(names[first])} as class ${first}`;
  return { got: `with ${nameIn(found)}`, want: nameIn(wanted) };
}
