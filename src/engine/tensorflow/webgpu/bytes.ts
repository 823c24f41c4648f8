/** Bytes go up four to a word, and are taken apart on the GPU. */
import type { BackendKernels, TF } from "../backend.js";
import { runKernel } from "./program.js";

const THREADS = 64;

export const bytes =
  (tf: TF): BackendKernels["bytes"] =>
  (values, shape) => {
    const words = new Int32Array(Math.ceil(values.length / 4));
    new Uint8Array(words.buffer).set(values);
    return tf.tidy(() =>
      runKernel(tf, {
        key: "bytes",
        inputs: { words: tf.tensor1d(words, "int32") },
        sizes: { count: values.length },
        outputShape: shape,
        workgroups: [Math.ceil(values.length / THREADS), 1, 1],
        workgroupSize: [THREADS, 1, 1],
        body: `
          if (index >= uniforms.count) { return; }
          result[index] = f32((words[index / 4] >> u32(8 * (index % 4))) & 255);`,
      }),
    );
  };
