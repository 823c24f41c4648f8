/**
 * The gradient of a convolution's filter: xᵀ·dy over all pixels of the batch, unfolding x on the fly. One thread per
 * output would be too few threads (the backend's own kernel works so, each thread looping over millions of pixels).
 * Instead the pixels are split into parts, each part is computed in tiles, and the parts are summed.
 */
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TF } from "../backend.js";
import { runKernel } from "./program.js";
import { sumMatrix } from "./sum-rows.js";

export interface Geometry {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

/** A workgroup's tile of the gradient: TILE inputs (tap and channel) × TILE output channels. */
const TILE = 32;
/** Threads per side, each with PER × PER values of the tile. */
const SIDE = 8;
const PER = TILE / SIDE;
/** Number of pixels in shared memory at once. */
const DEPTH = 16;
/** Enough workgroups to fill a big GPU. */
const WORKGROUPS = 1024;

export const pixelOf = `
  let ox = row % uniforms.outSize;
  let oy = (row / uniforms.outSize) % uniforms.outSize;
  let image = row / (uniforms.outSize * uniforms.outSize);`;

/**
 * The input's value at a tap of the pixel (image, oy, ox), or 0 in the padding. It has no branches: with a dozen taps,
 * software drivers would take minutes to compile them.
 */
export const tapFunction = `
  fn tapOf(image : i32, oy : i32, ox : i32, ky : i32, kx : i32, channel : i32) -> f32 {
    let iy = oy * uniforms.stride + ky - uniforms.pad;
    let ix = ox * uniforms.stride + kx - uniforms.pad;
    let inside = (iy >= 0) & (ix >= 0) & (iy < uniforms.inSize) & (ix < uniforms.inSize);
    let at = ((image * uniforms.inSize + iy) * uniforms.inSize + ix) * uniforms.inChannels + channel;
    return select(0.0, x[select(0, at, inside)], inside);
  }`;

export function convFilterGradient(tf: TF, x: Tensor4D, dy: Tensor4D, { kernel, stride, pad }: Geometry): Tensor2D {
  const [batch, outSize, , outChannels] = dy.shape;
  const [, inSize, , inChannels] = x.shape;
  const rows = batch * outSize * outSize;
  const inputs = kernel * kernel * inChannels;
  const tiles = [Math.ceil(outChannels / TILE), Math.ceil(inputs / TILE)] as const;
  const wanted = Math.ceil(WORKGROUPS / (tiles[0] * tiles[1]));
  const rowsOfPart = DEPTH * Math.max(4, Math.ceil(rows / wanted / DEPTH));
  const parts = Math.ceil(rows / rowsOfPart);
  const pointwise = kernel === 1 && stride === 1 && pad === 0;
  const perThread = (DEPTH * TILE) / (SIDE * SIDE);
  const partial = runKernel(tf, {
    key: `filter gradient${pointwise ? ", pointwise" : ""}`,
    inputs: { x, dy },
    sizes: { rows, rowsOfPart, inputs, inChannels, outChannels, inSize, outSize, kernel, stride, pad },
    outputShape: [parts, inputs * outChannels],
    workgroups: [tiles[0], tiles[1], parts],
    workgroupSize: [SIDE, SIDE, 1],
    declarations: `
      var<workgroup> xTile : array<array<f32, ${TILE}>, ${DEPTH}>;
      var<workgroup> dyTile : array<array<f32, ${TILE}>, ${DEPTH}>;
      ${tapFunction}
      fn unfolded(row : i32, input : i32) -> f32 {
        ${
          pointwise
            ? "return x[row * uniforms.inChannels + input];"
            : `${pixelOf}
        let tap = input / uniforms.inChannels;
        return tapOf(image, oy, ox, tap / uniforms.kernel, tap % uniforms.kernel, input % uniforms.inChannels);`
        }
      }`,
    body: `
      let firstOut = i32(workgroupId.x) * ${TILE};
      let firstIn = i32(workgroupId.y) * ${TILE};
      let start = i32(workgroupId.z) * uniforms.rowsOfPart;
      let end = min(start + uniforms.rowsOfPart, uniforms.rows);
      var sums : array<array<f32, ${PER}>, ${PER}>;
      for (var step = 0; step < uniforms.rowsOfPart; step += ${DEPTH}) {
        let base = start + step;
        for (var i = 0; i < ${perThread}; i++) {
          let slot = i * ${SIDE * SIDE} + i32(localIndex);
          let column = slot % ${TILE};
          let row = base + slot / ${TILE};
          var xValue = 0.0;
          var dyValue = 0.0;
          if (row < end && firstIn + column < uniforms.inputs) { xValue = unfolded(row, firstIn + column); }
          if (row < end && firstOut + column < uniforms.outChannels) {
            dyValue = dy[row * uniforms.outChannels + firstOut + column];
          }
          xTile[slot / ${TILE}][column] = xValue;
          dyTile[slot / ${TILE}][column] = dyValue;
        }
        workgroupBarrier();
        for (var d = 0; d < ${DEPTH}; d++) {
          for (var i = 0; i < ${PER}; i++) {
            let value = xTile[d][i32(localId.y) + i * ${SIDE}];
            for (var j = 0; j < ${PER}; j++) { sums[i][j] += value * dyTile[d][i32(localId.x) + j * ${SIDE}]; }
          }
        }
        workgroupBarrier();
      }
      for (var i = 0; i < ${PER}; i++) {
        for (var j = 0; j < ${PER}; j++) {
          let input = firstIn + i32(localId.y) + i * ${SIDE};
          let output = firstOut + i32(localId.x) + j * ${SIDE};
          if (input < uniforms.inputs && output < uniforms.outChannels) {
            result[(i32(workgroupId.z) * uniforms.inputs + input) * uniforms.outChannels + output] = sums[i][j];
          }
        }
      }`,
  }) as Tensor2D;
  return parts === 1 ? partial : sumMatrix(tf, partial);
}
