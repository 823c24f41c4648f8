// In a separate file, because TensorFlow.js keeps one engine per process, whichever package loads it.
import { beforeAll, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { prepareEngine } from "../../../src/engine/choose.js";
import { composedKernels, type TF } from "../../../src/engine/tensorflow/backend.js";
import { libtensorflowKernels } from "../../../src/engine/tensorflow/libtensorflow.js";
import { installCommand, loadTensorflow, locate } from "../../../src/engine/tensorflow/locate.js";
import { createNodeEngine } from "../../../src/engine/tensorflow/node-engine.js";
import type { ActivationFunction } from "../../../src/graph/activations.js";
import { heldCases } from "../held-pictures.js";
import { expectHeldSet } from "./resident/expect-held-set.js";
import { expectOutOfMemory } from "../out-of-memory.js";
import { describeEngine, randomNet, randomWeights } from "../conformance.js";

if (locate("node").length > 0) {
  // As in training, before the library is loaded.
  beforeAll(() => void prepareEngine("node", 1));
  const runs = { values: 100, gradients: 50, contract: 5 };
  describeEngine("TensorFlow.js on libtensorflow", async () => createNodeEngine("node"), runs);

  test.each(heldCases)("a set on the device, libtensorflow's kernels: $title", async (given) => {
    createNodeEngine("node");
    const tf = loadTensorflow("node");
    await expectHeldSet(tf, libtensorflowKernels(tf), given);
  });

  test("steps leave no tensor behind, neither in TensorFlow.js nor in libtensorflow", async () => {
    const engine = createNodeEngine("node");
    const tf = loadTensorflow("node");
    const native = (): number =>
      (tf.backend() as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors();
    const draw = random("tensors");
    for (let seed = 0; seed < 10; seed++) {
      const { graph, batch, resolution } = randomNet(seed);
      const weights = randomWeights(graph, draw);
      const pixels = batch * resolution ** 2 * graph.input.channels;
      const before = { tensors: tf.memory().numTensors, native: native() };
      const program = engine.compile(graph, { batch, resolution });
      for (let step = 0; step < 3; step++) {
        await program.forward(weights, new Float32Array(pixels).fill(0.5));
        await program.backward(new Float32Array(batch * 3).fill(1));
        expect({ tensors: tf.memory().numTensors, native: native() }).toEqual(before);
      }
      await program.forward(weights, new Float32Array(pixels));
      program.dispose();
      expect({ tensors: tf.memory().numTensors, native: native() }).toEqual(before);
    }
  });

  test("out of memory: how much there is, what is too large for it, and the way out", async () => {
    await expectOutOfMemory(
      createNodeEngine("node"),
      /^the memory of this machine is too small \([\d.]+ GB; a pass over 50000 images of 8 pixels makes values of 216 GB\)/,
    );
  });

  test("libtensorflow's gradients of activations equal the composed ones", () => {
    const tf: TF = loadTensorflow("node");
    const [own, composed] = [libtensorflowKernels(tf), composedKernels(tf)];
    const [x, dy] = [tf.randomNormal([2, 5, 5, 7], 0, 4), tf.randomNormal([2, 5, 5, 7])] as [never, never];
    const outputs: Partial<Record<ActivationFunction, () => unknown>> = {
      relu: () => tf.relu(x),
      relu6: () => tf.relu6(x),
      sigmoid: () => tf.sigmoid(x),
    };
    for (const [name, output] of Object.entries(outputs)) {
      const y = output() as never;
      const [found, wanted] = [own, composed].map((kernels) =>
        kernels.activationGradient(name as ActivationFunction, dy, x, y).dataSync(),
      );
      found!.forEach((value, i) => expect(value).toBeCloseTo(wanted![i]!, 5));
    }
  });
} else {
  test.skip(`TensorFlow.js on libtensorflow: ${installCommand("node")}`, () => undefined);
}
