/** What programs that time a model print, and what it says. Tested against recorded output of each. */

/** What one run of a program says of the model. */
export interface Timing {
  /** Every counted run in ms where the program prints them, else their median alone. */
  readonly times: readonly number[];
  /** The first run, in ms. */
  readonly firstMs?: number | undefined;
  /** How long loading took, in ms. */
  readonly loadMs?: number | undefined;
}

/** @returns undefined where the text has no times */
export type Reader = (output: string) => Timing | undefined;

const QUANTITY = String.raw`(\d+(?:\.\d*)?(?:e[+-]?\d+)?) ?(sec|s|ms|us)\b`;
const UNIT_MS: Readonly<Record<string, number>> = { sec: 1000, s: 1000, ms: 1, us: 0.001 };

/** The first time after a label, in ms. */
function after(output: string, label: string): number | undefined {
  const [, value, unit] = new RegExp(`${label}\\s*${QUANTITY}`, "i").exec(output) ?? [];
  return value === undefined ? undefined : Number(value) * UNIT_MS[unit!.toLowerCase()]!;
}

const median = (ms: number | undefined, more: Omit<Timing, "times">): Timing | undefined =>
  ms === undefined ? undefined : { times: [ms], ...more };

/** One JSON value a line: a number, a list of numbers, or an object with `ms` and, if it likes, `first` and `load`. Other lines are skipped. */
const milliseconds: Reader = (output) => {
  const times: number[] = [];
  let [firstMs, loadMs]: (number | undefined)[] = [];
  const numbers = (value: unknown): number[] =>
    [value].flat().filter((ms) => typeof ms === "number" && ms >= 0) as number[];
  for (const line of output.split("\n")) {
    const value = parsed(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const { ms, first, load } = value as Readonly<Record<string, unknown>>;
      times.push(...numbers(ms));
      firstMs ??= numbers(first)[0];
      loadMs ??= numbers(load)[0];
    } else times.push(...numbers(value));
  }
  return times.length === 0 ? undefined : { times, firstMs, loadMs };
};

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Programs by name. */
export const readers = {
  milliseconds,
  /** `P50 Latency: 4.8e-05 s`; before onnxruntime 1.17 `P50 Latency is 4.8e-05sec`. */
  onnxruntime_perf_test: (output) =>
    median(after(output, String.raw`P50 Latency(?::| is)`), {
      firstMs: after(output, "First inference time cost:"),
      loadMs: after(output, "Session creation time cost:"),
    }),
  /** `Latency: min = 0.5 ms, …, median = 0.6 ms, …`: with the copies there and back, as an application sees it. */
  trtexec: (output) =>
    median(after(output, String.raw`\] Latency: .*?median =`), {
      loadMs: after(output, "Engine deserialized in") ?? after(output, "Engine loaded in"),
    }),
  /** `Median: 0.15 ms` of its report. */
  benchmark_app: (output) =>
    median(after(output, "Median:"), {
      firstMs: after(output, "First inference took"),
      loadMs: after(output, "Compile model took"),
    }),
} as const satisfies Readonly<Record<string, Reader>>;

/** A program whose output nestling reads. */
export type ReaderName = keyof typeof readers;

export const readerNames = Object.keys(readers) as [ReaderName, ...ReaderName[]];
