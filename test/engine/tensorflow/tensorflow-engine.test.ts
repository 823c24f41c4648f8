import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { composedKernels } from "../../../src/engine/tensorflow/backend.js";
import { createTensorflowEngine } from "../../../src/engine/tensorflow/tensorflow-engine.js";
import { maximumOf } from "../../../src/graph/graph.js";
import { describeEngine, randomNet, randomWeights } from "../conformance.js";

await tf.setBackend("cpu");
const onCpuBackend = () =>
  createTensorflowEngine(tf, composedKernels(tf), { name: "node", description: "tfjs-backend-cpu" });

describeEngine("TensorFlow.js, composed kernels", async () => onCpuBackend(), { values: 60, gradients: 30 });

test("a pass leaves no tensor behind", async () => {
  const engine = onCpuBackend();
  const { graph, batch, resolution } = randomNet(7);
  const draw = random("tensors");
  const weights = randomWeights(graph, draw);
  const images = new Float32Array(batch * resolution ** 2 * maximumOf(graph.input.channels)).map(() => draw.normal());
  const before = tf.memory().numTensors;
  const program = engine.compile(graph, { batch, resolution });
  for (let i = 0; i < 3; i++) {
    await program.forward(weights, images);
    await program.backward(
      new Float32Array(batch * 3).fill(1),
      new Map([...weights].map(([name, { length }]) => [name, new Float32Array(length)])),
    );
    expect(tf.memory().numTensors).toBe(before);
  }
  await program.forward(weights, images);
  program.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
