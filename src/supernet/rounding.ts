/** How published search spaces round widths. */

/** The multiple of `divisor` nearest to `value`, at least one, and never below 0.9 × value (MobileNet's `make_divisible`). */
export function roundToDivisor(value: number, divisor: number): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}
