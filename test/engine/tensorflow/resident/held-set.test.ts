import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { test } from "vitest";
import { composedKernels } from "../../../../src/engine/tensorflow/backend.js";
import { heldCases } from "../../held-pictures.js";
import { expectHeldSet } from "./expect-held-set.js";

await tf.setBackend("cpu");

test.each(heldCases)("composed kernels: $title", async (given) => {
  await expectHeldSet(tf, composedKernels(tf), given);
});
