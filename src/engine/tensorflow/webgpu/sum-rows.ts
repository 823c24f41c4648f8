/**
 * Sums over the rows of a matrix, several terms at once: for batch norm's statistics and gradients and a depthwise
 * filter's gradient. The sums form a fixed tree without atomics, so the result is the same bit for bit every time.
 */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { TF } from "../backend.js";
import { runKernel, type Inputs } from "./program.js";

export interface RowSums extends Inputs {
  readonly rows: number;
  readonly channels: number;
  /** One expression per sum, of `row`, `channel` and `at` = row · channels + channel. */
  readonly terms: readonly string[];
}

/** Neighbouring threads read neighbouring channels, so that they read whole lines of memory. */
const CHANNELS = 32;
/** Number of threads that share one channel of a block. */
const LANES = 8;
const ROWS_OF_BLOCK = 256;

/** @returns [1, terms · channels]: the first term's sum of each channel, then the second's */
export function sumRows(
  tf: TF,
  { rows, channels, prepare = "", declarations = "", terms, ...given }: RowSums,
): Tensor2D {
  const blocks = Math.ceil(rows / ROWS_OF_BLOCK);
  const partial = runKernel(tf, {
    ...given,
    key: `sum of ${given.key}`,
    sizes: { ...given.sizes, rows, channels },
    outputShape: [blocks, terms.length * channels],
    workgroups: [Math.ceil(channels / CHANNELS), blocks, 1],
    workgroupSize: [CHANNELS, LANES, 1],
    declarations: `${declarations} var<workgroup> lanes : array<f32, ${CHANNELS * LANES}>;`,
    body: `
      let channel = i32(workgroupId.x) * ${CHANNELS} + i32(localId.x);
      let inside = channel < uniforms.channels;
      let first = i32(workgroupId.y) * ${ROWS_OF_BLOCK};
      let end = min(first + ${ROWS_OF_BLOCK}, uniforms.rows);
      ${terms.map((_, i) => `var sum${i} = 0.0;`).join("\n")}
      if (inside) {
        for (var row = first + i32(localId.y); row < end; row += ${LANES}) {
          let at = row * uniforms.channels + channel;
          ${prepare}
          ${terms.map((term, i) => `sum${i} += ${term};`).join("\n")}
        }
      }
      ${terms.map((_, i) => foldLanes(i, terms.length)).join("\n")}`,
  }) as Tensor2D;
  return blocks === 1 ? partial : sumMatrix(tf, partial);
}

/** The first lane sums all lanes' parts of a term. */
const foldLanes = (term: number, terms: number): string => `
      lanes[localIndex] = sum${term};
      workgroupBarrier();
      if (localId.y == 0u && inside) {
        var total = 0.0;
        for (var lane = 0u; lane < ${LANES}u; lane++) { total += lanes[lane * ${CHANNELS}u + localId.x]; }
        result[(i32(workgroupId.y) * ${terms} + ${term}) * uniforms.channels + channel] = total;
      }
      workgroupBarrier();`;

/** Sums [rows, columns] to [1, columns]. */
export function sumMatrix(tf: TF, x: Tensor2D): Tensor2D {
  const [rows, channels] = x.shape;
  return sumRows(tf, { key: "a matrix", inputs: { x }, rows, channels, terms: ["x[at]"] });
}
