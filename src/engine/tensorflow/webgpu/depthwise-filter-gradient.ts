/** The gradient of a depthwise filter: one sum over the batch's pixels per tap; one pass over dy serves all taps. */
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TF } from "../backend.js";
import { pixelOf, tapFunction, type Geometry } from "./filter-gradient.js";
import { sumRows } from "./sum-rows.js";

export function depthwiseFilterGradient(tf: TF, x: Tensor4D, dy: Tensor4D, geometry: Geometry): Tensor2D {
  const { kernel, stride, pad } = geometry;
  const [batch, outSize, , channels] = dy.shape;
  const [, inSize] = x.shape;
  const taps = Array.from({ length: kernel * kernel }, (_, tap) => [Math.floor(tap / kernel), tap % kernel] as const);
  return sumRows(tf, {
    key: `depthwise filter gradient, ${kernel} × ${kernel}`,
    inputs: { x, dy },
    sizes: { inChannels: channels, inSize, outSize, stride, pad },
    rows: batch * outSize * outSize,
    channels,
    declarations: tapFunction,
    prepare: `${pixelOf} let slope = dy[at];`,
    terms: taps.map(([ky, kx]) => `slope * tapOf(image, oy, ox, ${ky}, ${kx}, channel)`),
  });
}
