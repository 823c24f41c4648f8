/** The order in which people count: `class 2` before `class 10`. No locale has a say, so it is the same on every machine. */

const DIGITS = /(\d+)/;

/** Compares runs of digits by value and what is between them by code unit; equal names in that sense, such as 01 and 1, by code unit. */
export function naturally(a: string, b: string): number {
  const [left, right] = [a.split(DIGITS), b.split(DIGITS)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    // Every second part is a run of digits.
    const order = i % 2 === 0 ? byCodeUnit(left[i]!, right[i]!) : byValue(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length || byCodeUnit(a, b);
}

function byValue(a: string, b: string): number {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, "")) as [string, string];
  return left.length - right.length || byCodeUnit(left, right);
}

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
