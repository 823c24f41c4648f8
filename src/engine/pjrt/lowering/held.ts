/** The pictures of a norm group out of the set that the device holds: taken by their places, shifted and mirrored. */
import { readingOf, type HeldPicture } from "../../held-pictures.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";

/** Whole numbers of a picture: its place, its first column, the step to the next, and its first row. */
export const HELD_NUMBERS = 4;

/** HELD_NUMBERS of one picture. */
export function heldNumbers(picture: HeldPicture, size: number): number[] {
  const { column, columnStep, row } = readingOf(picture, size);
  return [picture.index, column, columnStep, row];
}

/**
 * @param set ui8 [pictures, size, size, channels]
 * @param columns of `heldNumbers`, each i32 [group, 1]
 * @returns f32 [group, size, size, channels], 0 to 255
 */
export function heldImages(w: StableWriter, set: Tensor, columns: readonly Tensor[]): Tensor {
  const [, size] = set.type.shape as [number, number];
  const [place, column, step, row] = columns as [Tensor, Tensor, Tensor, Tensor];
  const [group] = place.type.shape as [number];
  const steps = w.iota(size, "i32");
  const shape = [group, size, size, 1];
  const x = w.reshape(w.add(column, w.multiply(steps, step)), [group, 1, size, 1]);
  const y = w.reshape(w.add(row, steps), [group, size, 1, 1]);
  const isInside = (at: Tensor): Tensor => w.and(w.compare("GE", at, 0), w.compare("LT", at, size));
  const inside = w.and(w.broadcast(isInside(y), shape), w.broadcast(isInside(x), shape));
  const places = [w.reshape(place, [group, 1, 1, 1]), y, x].map((at) => w.broadcast(at, shape));
  const pixels = w.convert(w.gather(set, w.concatenate(places, 3)), "f32");
  return w.select(w.broadcast(inside, pixels.type.shape), pixels, 0);
}
