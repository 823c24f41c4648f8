/**
 * Weights in ONNX's layout: [kernel, kernel, in, out] → [out, in, kernel, kernel], depthwise [kernel, kernel, channels]
 * → [channels, 1, kernel, kernel], dense [in, out] → [out, in]. Slices, scales and transposes in one pass: tile by
 * tile, so that reads and writes stay in the cache, into one small block that is passed on whenever it is full.
 */
import type { Part } from "./numbers.js";

/** Output channels of a block and input channels of a tile: one cache line of floats. */
const TILE = 16;

/** The block, kept for the next weight: reused memory is far cheaper than fresh memory. */
let scratch = new Float32Array(0);

/** Calls `use` with the weight's values in order, block by block. Each block overwrites the last one. */
export function forEachOihwBlock({ shared, box, factor }: Part, use: (block: Float32Array) => void): void {
  const { full, start, size } = box;
  const outputs = size.at(-1)!;
  const stride = full.at(-1)!;
  const [inputs, fullInputs] = full.length === 3 ? [1, 1] : [size.at(-2)!, full.at(-2)!];
  const taps = tapsOf(full, start, size).map((tap) => tap * fullInputs * stride);
  const row = inputs * taps.length;
  if (scratch.length < TILE * row) scratch = new Float32Array(TILE * row);
  const scales = factor ?? new Float64Array(outputs).fill(1);
  for (let first = 0; first < outputs; first += TILE) {
    const channels = Math.min(TILE, outputs - first);
    for (let left = 0; left < inputs; left += TILE) {
      const count = Math.min(TILE, inputs - left);
      taps.forEach((tap, t) => {
        const from = tap + left * stride + first;
        turnTile(
          shared,
          from,
          stride,
          scales,
          first,
          scratch,
          left * taps.length + t,
          row,
          taps.length,
          channels,
          count,
        );
      });
    }
    use(scratch.subarray(0, channels * row));
  }
}

/**
 * target[to + o · row + i · step] = source[from + i · stride + o] · scales[first + o], four output channels at once.
 * All arguments but the arrays are numbers, so that the JIT compiler knows every type.
 */
function turnTile(
  source: Float32Array,
  from: number,
  stride: number,
  scales: Float64Array,
  first: number,
  target: Float32Array,
  to: number,
  row: number,
  step: number,
  channels: number,
  count: number,
): void {
  let o = 0;
  for (; o + 4 <= channels; o += 4) {
    const [s0, s1, s2, s3] = [
      scales[first + o]!,
      scales[first + o + 1]!,
      scales[first + o + 2]!,
      scales[first + o + 3]!,
    ];
    for (let i = 0, read = from + o, write = to + o * row; i < count; i++, read += stride, write += step) {
      target[write] = source[read]! * s0;
      target[write + row] = source[read + 1]! * s1;
      target[write + 2 * row] = source[read + 2]! * s2;
      target[write + 3 * row] = source[read + 3]! * s3;
    }
  }
  for (; o < channels; o++) {
    for (let i = 0; i < count; i++)
      target[to + o * row + i * step] = source[from + o + i * stride]! * scales[first + o]!;
  }
}

/** Where a kernel's taps are in the full kernel, row by row; a single tap if there is no kernel. */
function tapsOf(full: readonly number[], start: readonly number[], size: readonly number[]): number[] {
  if (full.length < 3) return [0];
  const [height, width] = [size[0]!, size[1]!];
  return Array.from(
    { length: height * width },
    (_, tap) => (start[0]! + Math.floor(tap / width)) * full[1]! + start[1]! + (tap % width),
  );
}
