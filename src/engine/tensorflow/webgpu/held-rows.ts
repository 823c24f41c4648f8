/** Rows of bytes that stay on the GPU, four bytes to a word, and are taken apart when they are asked for. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { asWords, inWholeWords, type BackendKernels, type TF } from "../backend.js";
import { runKernel } from "./program.js";

const THREADS = 64;

export const heldRows =
  (tf: TF): BackendKernels["heldRows"] =>
  (values, rows) => {
    const words = asWords(inWholeWords(values, rows));
    return tf.tensor2d(words, [rows, words.length / rows], "int32");
  };

export const rowsOf =
  (tf: TF): BackendKernels["rowsOf"] =>
  (held, rows, length) => {
    const count = rows.size * length;
    return runKernel(tf, {
      key: "held rows",
      inputs: { words: held, rows },
      sizes: { count, length, words: held.shape[1]! },
      outputShape: [rows.size, length],
      workgroups: [Math.ceil(count / THREADS), 1, 1],
      workgroupSize: [THREADS, 1, 1],
      body: `
        if (index >= uniforms.count) { return; }
        let at = index % uniforms.length;
        let word = words[rows[index / uniforms.length] * uniforms.words + at / 4];
        result[index] = f32((word >> u32(8 * (at % 4))) & 255);`,
    }) as Tensor2D;
  };
