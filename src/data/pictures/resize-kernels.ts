/** The module that resizes pictures (kernels/resize.ts), one for each thread, and places in its memory, which grows as pictures need it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** What each position along a resized side reads. */
export interface Taps {
  /** The first source pixel of each position. */
  readonly firsts: Int32Array;
  /** How many each reads. */
  readonly counts: Int32Array;
  /** Their weights × 2²², `most` for each position. */
  readonly weights: Int32Array;
  readonly most: number;
}

/** Addresses of firsts, counts and weights, and `most`, as kernels take them. */
type TapArguments = readonly [firsts: number, counts: number, weights: number, most: number];

interface ResizeKernels {
  readonly memory: WebAssembly.Memory;
  readonly resizeColumns: (
    ...values: [rows: number, width: number, channels: number, x: number, positions: number, ...TapArguments, y: number]
  ) => void;
  readonly resizeRows: (...values: [bytes: number, x: number, positions: number, ...TapArguments, y: number]) => void;
}

const PAGE = 1 << 16;
/** What 32-bit addresses reach. */
const MOST_PAGES = 65_536;
/** Kernels read and write a few bytes past an array's end. */
const SLACK = 32;

let loaded: ResizeKernels | undefined;

/** The kernels of this thread. */
export function kernels(): ResizeKernels {
  if (loaded) return loaded;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const path = createRequire(import.meta.url).resolve("#resize-kernels");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), { env: { memory } });
  loaded = { memory, ...(exports as unknown as Omit<ResizeKernels, "memory">) };
  return loaded;
}

/** Gives places one after the other; `grow` before any of them is used. */
export function placesIn(memory: WebAssembly.Memory): {
  bytes(length: number): number;
  taps(taps: Taps): { readonly arguments: TapArguments; write(): void };
  grow(): void;
} {
  let end = SLACK;
  const bytes = (length: number): number => {
    const at = end;
    end += Math.ceil((length + SLACK) / 16) * 16;
    return at;
  };
  return {
    bytes,
    taps({ firsts, counts, weights, most }) {
      const arrays = [firsts, counts, weights];
      const places = arrays.map((array) => bytes(array.byteLength)) as [number, number, number];
      return {
        arguments: [...places, most],
        write: () => arrays.forEach((array, i) => new Int32Array(memory.buffer, places[i], array.length).set(array)),
      };
    },
    grow() {
      const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
      if (missing > 0) memory.grow(missing);
    },
  };
}
