/** What a norm group learns, made on the device from pictures and labels: normalised, erased, mixed and resized images, and targets. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Lesson, Rectangle, ResidentOptions } from "../../resident.js";
import type { BackendKernels, TF } from "../backend.js";
import { heldSet } from "./held-set.js";

/** A group's images at their own size, and its targets: kept tensors. */
export interface DeviceLesson {
  /** [group, size, size, channels] */
  readonly images: Tensor4D;
  /** [group, classes] */
  readonly targets: Tensor2D;
  /** [group], by which right answers are counted. */
  readonly counted: Tensor1D;
}

export interface LessonMaker {
  /** Takes a set of pictures up, which lessons may name. @param pixels [pictures, size, size, channels] */
  holdPictures(pixels: Uint8Array): void;
  /** Tensors of the tidy that it is called in. */
  lesson(lesson: Lesson): DeviceLesson;
  /** @returns [group, resolution, resolution, channels], a new handle */
  resized(images: Tensor4D, resolution: number): Tensor4D;
  dispose(): void;
}

export function lessonMaker(tf: TF, kernels: BackendKernels, options: ResidentOptions): LessonMaker {
  const { group, classes, resizing } = options;
  const { size, channels } = options.pictures;
  const scale = tf.keep(tf.tensor1d([...options.pictures.scale]));
  const shift = tf.keep(tf.tensor1d([...options.pictures.shift]));
  const set = heldSet(tf, kernels, options);
  const places = tf.keep(tf.range(0, size));
  const classNumbers = tf.keep(tf.range(0, classes));
  const matrices = new Map<number, Tensor2D | undefined>();
  const matrixFor = (resolution: number): Tensor2D | undefined => {
    if (!matrices.has(resolution)) {
      const matrix = resizing(resolution);
      matrices.set(resolution, matrix && tf.keep(tf.tensor2d(matrix, [resolution, size])));
    }
    return matrices.get(resolution);
  };

  /** 1 inside each image's rectangle, 0 outside: [rectangles, size, size, 1]. */
  const insideOf = (rectangles: readonly (Rectangle | undefined)[]): Tensor4D => {
    const between = (ends: readonly (readonly [number, number])[], shape: number[]): Tensor => {
      const [low, high] = [0, 1].map((end) =>
        tf.tensor(
          ends.map((pair) => pair[end]!),
          [ends.length, 1, 1, 1],
        ),
      );
      const place = tf.reshape(places, shape);
      return tf.cast(tf.logicalAnd(tf.greaterEqual(place, low!), tf.less(place, high!)), "float32");
    };
    const spans = (start: "left" | "top", length: "width" | "height"): (readonly [number, number])[] =>
      rectangles.map((part) => (part ? ([part[start], part[start] + part[length]] as const) : [0, 0]));
    return tf.mul(between(spans("top", "height"), [1, size, 1, 1]), between(spans("left", "width"), [1, 1, size, 1]));
  };

  /** Each row's neighbour before it; the first row's is the last. */
  const before = <Shaped extends Tensor>(x: Shaped): Shaped =>
    group === 1 ? x : tf.concat<Shaped>([tf.slice(x, group - 1, 1), tf.slice(x, 0, group - 1)], 0);

  const mixed = <Shaped extends Tensor>(x: Shaped, own: Tensor | number): Shaped =>
    tf.add(tf.mul(x, own), tf.mul(before(x), tf.sub(1, own)));

  return {
    holdPictures: (pixels) => set.hold(pixels),
    lesson({ pictures, labels, counted, smoothing, erased, mix }) {
      const raw =
        pictures instanceof Uint8Array
          ? (kernels.bytes(pictures, [group, size, size, channels]) as Tensor4D)
          : set.take(pictures);
      let images: Tensor4D = tf.add(tf.mul(raw, scale), shift);
      if (erased) images = tf.mul(images, tf.sub(1, insideOf(erased)));
      const truth = tf.cast(tf.equal(classNumbers, tf.tensor2d(Array.from(labels), [group, 1])), "float32");
      let targets: Tensor2D = tf.add(tf.mul(truth, 1 - smoothing), smoothing / classes);
      if (mix) {
        images = mixed(images, mix.part ? tf.sub(1, insideOf([mix.part])) : mix.own);
        targets = mixed(targets, mix.own);
      }
      return { images, targets, counted: tf.tensor1d(Array.from(counted)) };
    },
    resized(images, resolution) {
      const matrix = matrixFor(resolution);
      if (!matrix) return tf.clone(images);
      // Each side is the first dimension once, so that a resize is one product of matrices.
      const along = (x: Tensor): Tensor => {
        const [, ...rest] = x.shape;
        return tf.reshape(tf.matMul(matrix, tf.reshape(x, [size, -1])), [resolution, ...rest]);
      };
      const columns = along(tf.transpose(images, [2, 1, 0, 3]));
      const rows = along(tf.transpose(columns, [1, 0, 2, 3]));
      return tf.transpose(rows, [2, 0, 1, 3]) as Tensor4D;
    },
    dispose() {
      set.dispose();
      tf.dispose([scale, shift, places, classNumbers]);
      tf.dispose([...matrices.values()].filter((matrix) => matrix !== undefined));
    },
  };
}
