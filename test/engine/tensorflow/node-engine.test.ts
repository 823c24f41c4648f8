// A file of its own: TensorFlow.js keeps one engine a process, whichever package loads it.
import { test } from "vitest";
import { locate } from "../../../src/engine/tensorflow/locate.js";
import { createNodeEngine } from "../../../src/engine/tensorflow/node-engine.js";
import { describeEngine, describeTensors } from "../conformance.js";

if (locate("node").length > 0) {
  describeEngine("TensorFlow.js on libtensorflow", async () => createNodeEngine("node"), {
    values: 100,
    gradients: 50,
    contract: 5,
  });
  describeTensors("TensorFlow.js on libtensorflow", async () => createNodeEngine("node"));
} else {
  test.skip("TensorFlow.js on libtensorflow: npm install --no-save @tensorflow/tfjs-node@4.22.0", () => undefined);
}
