/** Axes: from data to pixels, and round numbers to label. */

export interface Scale {
  readonly ticks: readonly number[];
  /** Data to pixels. */
  readonly at: (value: number) => number;
}

/** A share of a step: ticks at the very ends are not lost to rounding. */
const ROUNDING = 1e-9;

/** @param pixels where the two ends of the domain lie */
export function linear([low, high]: readonly [number, number], pixels: readonly [number, number], count = 5): Scale {
  const step = roundStep((high - low) / count);
  const first = Math.ceil(low / step - ROUNDING);
  const last = Math.floor(high / step + ROUNDING);
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12))),
    at: (value) => pixels[0] + ((value - low) / (high - low)) * (pixels[1] - pixels[0]),
  };
}

/** Digits of a decade that get a tick, the finest first. */
const digits = [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]] as const;
/** What a label needs, on a phone too. */
const LABEL = 64;

/** Logarithmic, ticks at as many round numbers as have room for their labels. */
export function logarithmic([low, high]: readonly [number, number], pixels: readonly [number, number]): Scale {
  const inner = linear([Math.log(low), Math.log(high)], pixels);
  const at = (value: number): number => inner.at(Math.log(value));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, i) => 10 ** (Math.floor(Math.log10(low)) + i),
  );
  const choices = digits.map((chosen) =>
    decades
      .flatMap((decade) => chosen.map((digit) => Number((digit * decade).toPrecision(12))))
      .filter((tick) => tick >= low * (1 - ROUNDING) && tick <= high * (1 + ROUNDING)),
  );
  const roomy = (ticks: readonly number[]): boolean =>
    ticks.every((tick, i) => i === 0 || Math.abs(at(tick) - at(ticks[i - 1]!)) >= LABEL);
  return { ticks: choices.find(roomy) ?? [], at };
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
  return power * [1, 2, 5, 10].find((digit) => digit * power >= step * (1 - ROUNDING))!;
}
