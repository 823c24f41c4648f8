import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { random } from "../../../../src/base/random.js";
import { webgpuKernels } from "../../../../src/engine/tensorflow/webgpu/kernels.js";
import { createWebgpuEngine } from "../../../../src/engine/tensorflow/webgpu/webgpu-engine.js";
import { expectOutOfMemory } from "../../out-of-memory.js";
import { describeEngine, describeTensors, randomNet, randomWeights } from "../../conformance.js";
import { heldCases } from "../../held-pictures.js";
import { expectHeldSet } from "../resident/expect-held-set.js";
import { findAdapter, howToGet } from "./adapter.js";

const runs = Number(process.env["NESTLING_WEBGPU_RUNS"] ?? 6);
const adapter = await findAdapter();
if (adapter.state === "present") {
  // A software GPU takes a second per shader; on a real one, set NESTLING_WEBGPU_RUNS to run more nets.
  describeEngine(adapter.description, createWebgpuEngine, { values: runs, gradients: runs, contract: 1 });
  describeTensors(adapter.description, createWebgpuEngine);

  test("out of memory: Dawn's words, and the way out", async () => {
    await expectOutOfMemory(await createWebgpuEngine(), /^the GPU's memory is too small \(/);
  });

  test.each(heldCases)("a set on the device: $title", async (given) => {
    await createWebgpuEngine();
    await expectHeldSet(tf, webgpuKernels(tf), given);
  });

  test("disposing of a program frees its GPU memory", async () => {
    const engine = await createWebgpuEngine();
    const bytes = (): unknown => (tf.memory() as unknown as Record<string, unknown>)["numBytesAllocatedInGPU"];
    const { graph, batch, resolution } = randomNet(7);
    const program = engine.compile(graph, { batch, resolution });
    await program.forward(
      randomWeights(graph, random("memory")),
      new Float32Array(batch * resolution ** 2 * graph.input.channels),
    );
    expect(bytes()).toBeGreaterThan(0);
    program.dispose();
    expect(bytes()).toBe(0);
    engine.dispose();
  });
} else {
  test.skip(`webgpu: ${adapter.got}; wants ${howToGet}`, () => undefined);
}
