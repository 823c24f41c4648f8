/** A pass that needs more memory than there is: 210 GB, from a small image and small weights. */
import { expect } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { parametersOf } from "../../src/graph/graph.js";
import { elementsOf } from "../../src/graph/values.js";

const size = { batch: 50_000, resolution: 8 };
const CHANNELS = 16_384;

/** @param words what the message says of the memory */
export async function expectOutOfMemory(engine: Engine, words: RegExp): Promise<void> {
  const builder = graphBuilder<number>("wide", 1);
  const wide = builder.conv("c", builder.input, { out: CHANNELS, kernel: 1, stride: 1 });
  const graph = builder.build([builder.dense("d", builder.flatten("f", builder.globalAveragePool("g", wide)), 2)]);
  const weights = new Map(parametersOf(graph).map((one) => [one.name, new Float32Array(elementsOf(one))]));
  const images = new Float32Array(size.batch * size.resolution ** 2);
  const failure = async (): Promise<unknown> => engine.compile(graph, size).forward(weights, images);
  await expect(failure()).rejects.toMatchObject({
    code: "engine/memory",
    message: expect.stringMatching(words) as string,
    problems: [{ fix: expect.stringContaining("Use a smaller --norm-group (auto") as string }],
  });
}
