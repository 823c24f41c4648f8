/** Axes: from data to pixels, and round numbers to label. */

export interface Scale {
  readonly ticks: readonly number[];
  /** Data to pixels. */
  at(value: number): number;
}

/** @param pixels where the two ends of the domain lie */
export function linear([low, high]: readonly [number, number], pixels: readonly [number, number], count = 5): Scale {
  const step = roundStep((high - low) / count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12))),
    at: (value) => pixels[0] + ((value - low) / (high - low)) * (pixels[1] - pixels[0]),
  };
}

/** Logarithmic, ticks at 1, 2, 3, 5 and 7 times a power of ten. */
export function logarithmic([low, high]: readonly [number, number], pixels: readonly [number, number]): Scale {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 3, 5, 7]) ticks.push(Number((digit * 10 ** power).toPrecision(12)));
  }
  const inner = linear([Math.log(low), Math.log(high)], pixels);
  return {
    ticks: ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)),
    at: (value) => inner.at(Math.log(value)),
  };
}

/** Smallest and largest of some numbers, with some room on both sides (a share of the range), never of no width. */
export function extent(values: readonly number[], room = 0): [number, number] {
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  if (!Number.isFinite(low)) return [0, 1];
  const margin = high > low ? (high - low) * room : Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** 1, 2 or 5 times a power of ten, at least as large as the step asked for. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= step * (1 - 1e-9))!;
}
