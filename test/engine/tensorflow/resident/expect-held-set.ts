import { expect } from "vitest";
import type { BackendKernels, TF } from "../../../../src/engine/tensorflow/backend.js";
import { heldSet } from "../../../../src/engine/tensorflow/resident/held-set.js";
import type { HeldCase } from "../../held-pictures.js";

/** The set stays at one byte a pixel, in whole words; what is taken out of it is to the byte what the host makes; no tensor stays. */
export async function expectHeldSet(tf: TF, kernels: BackendKernels, given: HeldCase): Promise<void> {
  const { size, channels, set, taken, wanted } = given;
  const none = tf.memory().numTensors;
  const held = heldSet(tf, kernels, { pictures: { size, channels, scale: [], shift: [] } });
  const before = tf.memory();
  held.hold(set);
  const each = size * size * channels;
  const { numTensors, numBytes } = tf.memory();
  expect(numTensors - before.numTensors).toBe(1);
  expect(numBytes - before.numBytes).toBe((set.length / each) * 4 * Math.ceil(each / 4));
  const images = tf.tidy(() => held.take(taken));
  expect(images.shape).toEqual([taken.length, size, size, channels]);
  expect(Uint8Array.from(await images.data())).toEqual(wanted);
  images.dispose();
  held.dispose();
  expect(tf.memory().numTensors).toBe(none);
}
