/**
 * The program that makes what a norm group learns from pictures and labels: normalised, erased and mixed images, and targets. What a recipe
 * doesn't do has no effect here: an empty part erases nothing, a share of 1 mixes nothing.
 */
import type { Lesson, Rectangle, ResidentOptions } from "../../resident.js";
import type { StableProgram } from "../stablehlo/program.js";
import { HELD_NUMBERS, heldImages, heldNumbers } from "./held.js";
import { stableWriter, type StableWriter, type Tensor } from "../stablehlo/writer.js";

/** Whole numbers of an image: label, counted label, and the erased part's left, top, right and bottom. */
const NUMBERS = 6;

/** [group, NUMBERS]; pictures of the held set have HELD_NUMBERS more. @param size height = width in pixels */
export const lessonNumbers = ({ pictures, labels, counted, erased }: Lesson, size: number): Int32Array =>
  Int32Array.from(
    Array.from(labels).flatMap((label, i) => [
      ...[label, counted[i]!, ...sidesOf(erased?.[i])],
      ...(pictures instanceof Uint8Array ? [] : heldNumbers(pictures[i]!, size)),
    ]),
  );

/** Smoothing, the share of an image's own target and of its own pixels outside of the part, and the part's sides. */
export const lessonFactors = ({ smoothing, mix }: Lesson): Float32Array =>
  Float32Array.of(smoothing, mix?.own ?? 1, mix && !mix.part ? mix.own : 1, ...sidesOf(mix?.part));

const sidesOf = (part: Rectangle | undefined): [number, number, number, number] =>
  part ? [part.left, part.top, part.left + part.width, part.top + part.height] : [0, 0, 0, 0];

/**
 * (pictures, numbers, factors) → images [group, size, size, channels], targets [group, classes], counted [group]
 * @param held pictures of the set that is on the device, where the lesson's are of these; otherwise its own are given as bytes
 */
export function lessonProgram({ group, classes, pictures }: ResidentOptions, held?: number): StableProgram {
  const { size, channels, scale, shift } = pictures;
  const w = stableWriter();
  const bytes = w.input("ui8", [held ?? group, size, size, channels]);
  const numbers = w.input("i32", [group, NUMBERS + (held === undefined ? 0 : HELD_NUMBERS)]);
  const factors = w.input("f32", [7]);
  const column = (i: number): Tensor => w.slice(numbers, [0, i], [group, i + 1]);
  const factor = (i: number): Tensor => w.slice(factors, [i], [i + 1]);

  const moved = Array.from({ length: HELD_NUMBERS }, (_, i) => NUMBERS + i);
  const shown = held === undefined ? w.convert(bytes, "f32") : heldImages(w, bytes, moved.map(column));
  const raw = w.add(w.multiply(shown, w.vector(scale)), w.vector(shift));
  const erased = insideOf(
    w,
    size,
    [2, 3, 4, 5].map((i) => w.convert(column(i), "f32")),
  );
  const images = w.multiply(raw, w.subtract(1, erased));
  const mixedPart = insideOf(
    w,
    size,
    [3, 4, 5, 6].map((i) => w.reshape(factor(i), [1, 1])),
  );
  const own = w.multiply(w.subtract(1, mixedPart), factor(2));

  const smoothing = factor(0);
  const truth = w.convert(w.compare("EQ", column(0), w.iota(classes, "i32")), "f32");
  const targets = w.add(w.multiply(truth, w.subtract(1, smoothing)), w.divide(smoothing, classes));
  return w.program("lesson", [mixed(w, images, own), mixed(w, targets, factor(1)), w.reshape(column(1), [group])]);
}

/** Own share of each row, and the rest of the row before it; the first row's is the last. */
function mixed(w: StableWriter, x: Tensor, own: Tensor): Tensor {
  const { shape } = x.type;
  const [rows] = shape as [number];
  const part = (from: number, to: number): Tensor =>
    w.slice(x, [from, ...shape.slice(1).map(() => 0)], [to, ...shape.slice(1)]);
  const before = rows === 1 ? x : w.concatenate([part(rows - 1, rows), part(0, rows - 1)], 0);
  return w.add(w.multiply(x, own), w.multiply(before, w.subtract(1, own)));
}

/**
 * 1 inside of rectangles, 0 outside: [rectangles, size, size, 1].
 * @param sides left, top, right and bottom, each [rectangles, 1]
 */
function insideOf(w: StableWriter, size: number, sides: readonly Tensor[]): Tensor {
  const [left, top, right, bottom] = sides as [Tensor, Tensor, Tensor, Tensor];
  const [count] = left.type.shape as [number];
  const between = (low: Tensor, high: Tensor, shape: readonly number[]): Tensor => {
    const places = w.iota(size);
    const inside = w.and(w.compare("GE", places, low), w.compare("LT", places, high));
    return w.reshape(w.convert(inside, "f32"), shape);
  };
  return w.multiply(between(top, bottom, [count, size, 1, 1]), between(left, right, [count, 1, size, 1]));
}
