/** Files in every opset that is offered, before engines that are not ours. */
import { expect, test } from "vitest";
import { slicedChild } from "../../src/compile/children.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { newestOpset, oldestOpset, opsets } from "../../src/compile/opsets.js";
import { floatSteps } from "../../src/compile/passes.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { activations, type ActivationFunction } from "../../src/graph/activations.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { verify } from "../../src/graph/verify.js";
import { random } from "../../src/base/random.js";
import { shippedSpaces } from "../../src/supernet/spaces.js";
import { onRuntime } from "../compile/contract.js";
import { randomArchitectures, randomImages, randomSupernet, spaceAt } from "../compile/random-children.js";
import { randomWeights } from "../engine/conformance.js";
import { floatBlock, type FloatBlock } from "../float-block.js";
import { temporaryFolder } from "../temporary-folder.js";
import { complaint, judges, type Held } from "./complaint.js";
import { judge, missing } from "./judges.js";

/** What the judges say against a child in these opsets: nothing, if they load it and agree with onnxruntime-node. */
async function complaintsOn(child: Child<"trained">, block: FloatBlock, asked: readonly number[]): Promise<string[]> {
  const { count, resolution, channels } = block;
  const passed = await runPasses(child, floatSteps, (measured, before) => measure(measured, before, block));
  const image = { ...block, images: block.images.subarray(0, block.images.length / count), count: 1 };
  const files: Held[] = [];
  for (const opset of asked) {
    const bytes = emit(passed.child, { resolution, output: "logits", opset });
    const logits = await onRuntime(bytes, image, "all");
    const input = toChannelsFirst(image.images, 1, channels);
    const shape = ["batch_size", logits.length];
    files.push({ name: `opset ${opset}`, bytes, input, dims: [1, channels, resolution, resolution], logits, shape });
  }
  const verdicts = await judge(files, await temporaryFolder());
  return files.flatMap((file, i) =>
    judges.flatMap((name) => complaint(name, verdicts[i]![name]!, file).map((line) => `${file.name}: ${line}`)),
  );
}

// Every space in every opset takes minutes (all were right); operators and attributes are the same in all.
const wanted = shippedSpaces.map((name) => (name === "fashion" ? [name, opsets] : [name, [oldestOpset, newestOpset]]));
test.skipIf(missing).each(wanted as [string, number[]][])(
  `every judge agrees on a child of %s in opsets %j${missing}`,
  async (name, asked) => {
    // 36 pixels halve to 9, 5 and 3: pooling windows that are cut off.
    const space = await spaceAt(name, name === "fashion" ? undefined : [36]);
    const { supernet, weights } = randomSupernet(space, 1);
    const [architecture] = randomArchitectures(space, 5, 1).values();
    const child = slicedChild(supernet, weights, architecture!);
    expect(await complaintsOn(child, randomImages(space, architecture!.resolution, 16, 1), asked)).toEqual([]);
  },
);

test.skipIf(missing)(`every judge agrees on a net of every operator that ships, in every opset${missing}`, async () => {
  const b = graphBuilder<number>("net", 3);
  let x = b.conv("stem", b.input, { out: 8, kernel: 3, stride: 2, bias: true });
  for (const name of Object.keys(activations) as ActivationFunction[])
    x = b.activation(name, b.depthwise(`${name}.depthwise`, x, { kernel: 5 }), name);
  x = b.add("sum", x, b.batchNorm("norm", b.conv("branch", x, { out: 8, kernel: 1 })));
  const gate = b.activation(
    "gate.sigmoid",
    b.conv("gate", b.globalAveragePool("squeeze", x), { out: 8, kernel: 1 }),
    "sigmoid",
  );
  x = b.averagePool("halve", b.multiply("excite", x, gate), 2);
  const graph = verify(b.build([b.dense("classifier", b.flatten("flatten", b.globalAveragePool("pool", x)), 5)]));
  const draw = random("every operator");
  const images = Float32Array.from({ length: 8 * 18 ** 2 * 3 }, () => draw.normal());
  const block = floatBlock({ images, count: 8, resolution: 18, channels: 3 });
  expect(await complaintsOn({ graph, weights: randomWeights(graph, draw) }, block, opsets)).toEqual([]);
});
