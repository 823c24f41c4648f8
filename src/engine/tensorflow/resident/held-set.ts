/** The set of pictures that stays on the device, out of which a norm group's are taken, shifted and mirrored. */
import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { readingOf, type HeldPicture } from "../../held-pictures.js";
import type { ResidentOptions } from "../../resident.js";
import type { BackendKernels, TF } from "../backend.js";

export interface HeldSet {
  /** @param pixels [pictures, size, size, channels] */
  hold(pixels: Uint8Array): void;
  /** [pictures, size, size, channels], 0 to 255: a tensor of the tidy that it is called in. */
  take(pictures: readonly HeldPicture[]): Tensor4D;
  dispose(): void;
}

export function heldSet(tf: TF, kernels: BackendKernels, { pictures }: Pick<ResidentOptions, "pictures">): HeldSet {
  const { size, channels } = pictures;
  const each = size * size * channels;
  const steps = tf.keep(tf.range(0, size));
  let set: Tensor | undefined;

  /** Columns or rows of each picture, and whether they are inside of it: [pictures, size]. */
  const line = (firsts: readonly number[], ways: readonly number[]): { at: Tensor2D; inside: Tensor2D } => {
    const column = (numbers: readonly number[]): Tensor2D => tf.tensor2d([...numbers], [numbers.length, 1]);
    const at: Tensor2D = tf.add(column(firsts), tf.mul(column(ways), steps));
    const inside: Tensor2D = tf.cast(tf.logicalAnd(tf.greaterEqual(at, 0), tf.less(at, size)), "float32");
    return { at: tf.clipByValue(at, 0, size - 1), inside };
  };

  /** A picture's own places fit into float32; those of a whole group may not. */
  const moved = (pixels: Tensor2D, given: readonly HeldPicture[]): Tensor4D => {
    const readings = given.map((picture) => readingOf(picture, size));
    const count = given.length;
    const x = line(
      readings.map(({ column }) => column),
      readings.map(({ columnStep }) => columnStep),
    );
    const y = line(
      readings.map(({ row }) => row),
      readings.map(() => 1),
    );
    const across = (tensor: Tensor2D): Tensor => tf.reshape(tensor, [count, 1, size]);
    const down = (tensor: Tensor2D): Tensor => tf.reshape(tensor, [count, size, 1]);
    const places = tf.cast(tf.add(tf.mul(down(y.at), size), across(x.at)), "int32");
    const inside = tf.reshape(tf.mul(down(y.inside), across(x.inside)), [count, size, size, 1]);
    const flat: Tensor3D = tf.reshape(pixels, [count, size * size, channels]);
    const taken = kernels.gather(flat, tf.reshape(places, [count, size * size]));
    return tf.mul(tf.reshape(taken, [count, size, size, channels]), inside);
  };

  return {
    hold(pixels) {
      set?.dispose();
      set = tf.keep(tf.tidy(() => kernels.heldRows(pixels, pixels.length / each)));
    },
    take(given) {
      if (!set) throw new Error("internal: a supernet on a device without its pictures");
      const rows = tf.tensor1d(
        Int32Array.from(given, ({ index }) => index),
        "int32",
      );
      return moved(kernels.rowsOf(set, rows, each), given);
    },
    dispose() {
      steps.dispose();
      set?.dispose();
    },
  };
}
