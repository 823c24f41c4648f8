/** Rotates, shifts and shears by the nearest pixel, as torchvision's `affine` and `rotate` do by default; what comes in from outside is black. */
import type { Picture } from "../pictures/picture.js";
import { withPixels } from "./adjust.js";

export interface Affine {
  /** Clockwise, in degrees. */
  readonly angle?: number;
  /** Right and down, in pixels. */
  readonly shift?: readonly [number, number];
  /** Tangents of the angles along x and y. */
  readonly shear?: readonly [number, number];
  /** The point that stays where it is, in pixels; by default the middle. */
  readonly centre?: readonly [number, number];
}

export function affine(picture: Picture, { angle = 0, shift = [0, 0], shear = [0, 0], centre }: Affine): Picture {
  const { width, height, channels, pixels } = picture;
  const [cx, cy] = centre ?? [width / 2, height / 2];
  // The inverse of rotation · shear y · shear x: from a place in the result to one in the picture.
  const turn = (angle * Math.PI) / 180;
  const slope = Math.atan(shear[1]);
  const [across, along] = [Math.cos(turn - slope) / Math.cos(slope), Math.sin(turn - slope) / Math.cos(slope)];
  const [a, b] = [Math.cos(turn) - along * shear[0], across * shear[0] + Math.sin(turn)];
  const [c, d] = [-along, across];
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x + 0.5 - cx - shift[0], y + 0.5 - cy - shift[1]];
      const fromX = Math.floor(a * dx + b * dy + cx);
      const fromY = Math.floor(c * dx + d * dy + cy);
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const [to, from] = [(y * width + x) * channels, (fromY * width + fromX) * channels];
      for (let channel = 0; channel < channels; channel++) out[to + channel] = pixels[from + channel]!;
    }
  }
  return withPixels(picture, out);
}
