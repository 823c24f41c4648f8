/**
 * Compiled children before engines that are not ours: onnx's checker, strict shape inference and reference evaluator,
 * onnxruntime in Python, OpenVINO, OpenCV; each against onnxruntime-node within the contract's tolerance.
 */
import { shippedSpaces } from "../../src/supernet/spaces.js";
import { expect, test } from "vitest";
import { slicedChild } from "../../src/compile/children.js";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { floatSteps } from "../../src/compile/passes.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { onRuntime } from "../compile/contract.js";
import { randomArchitectures, randomImages, randomSupernet, spaceAt } from "../compile/random-children.js";
import { temporaryFolder } from "../temporary-folder.js";
import { complaint, judges, type Held } from "./complaint.js";
import { judge, missing } from "./judges.js";

/** Images for the statistics; judged are the first few. */
const STATISTICS = 32;
const BATCH = 3;

/** Random children of a space, each as a file with a free and one with a fixed batch. */
async function childrenOf(name: string, count: number, resolutions?: number[]): Promise<Held[]> {
  const space = await spaceAt(name, resolutions);
  const { supernet, weights } = randomSupernet(space, 1);
  const held: Held[] = [];
  for (const [id, architecture] of randomArchitectures(space, 3, count)) {
    const { resolution } = architecture;
    const block = randomImages(space, resolution, STATISTICS, 1);
    const sliced = slicedChild(supernet, weights, architecture);
    const { child } = await runPasses(sliced, floatSteps, (measured, before) => measure(measured, before, block));
    const images = block.images.subarray(0, (block.images.length / STATISTICS) * BATCH);
    const judged = {
      input: toChannelsFirst(images, BATCH, space.channels),
      dims: [BATCH, space.channels, resolution, resolution],
    };
    for (const staticBatch of [undefined, BATCH]) {
      const bytes = emit(child, { resolution, output: "logits", ...(staticBatch !== undefined && { staticBatch }) });
      held.push({
        ...judged,
        name: `${name} ${id}, ${staticBatch === undefined ? "free" : "fixed"} batch`,
        bytes,
        logits: await onRuntime(bytes, { ...block, images, count: BATCH }, "all"),
        shape: [staticBatch ?? "batch_size", space.classes],
      });
    }
  }
  return held;
}

// 36 pixels halve to 9, 5 and 3: pooling windows that are cut off.
const asked = shippedSpaces.map((name) =>
  name === "fashion" ? ([name, 6, undefined] as const) : ([name, 2, [36, 64]] as const),
);
test.skipIf(missing).each(asked)(
  `every judge agrees on random children of %s${missing}`,
  async (name, count, resolutions) => {
    const held = await childrenOf(name, count, resolutions && [...resolutions]);
    const verdicts = await judge(held, await temporaryFolder());
    const complaints = held.flatMap((child, i) =>
      Object.entries(verdicts[i]!).flatMap(([judge, verdict]) =>
        complaint(judge, verdict, child).map((line) => `${child.name}: ${line}`),
      ),
    );
    expect(verdicts.map((verdict) => Object.keys(verdict))).toEqual(held.map(() => judges));
    expect(complaints).toEqual([]);
  },
);

test.skipIf(missing)(`a file that is wrong is found out by every judge${missing}`, async () => {
  const [child] = await childrenOf("fashion", 1);
  // The same network with other weights, and a file cut short.
  const [other] = (await childrenOf("fashion", 2)).slice(2);
  const [swapped, cut] = await judge(
    [
      { ...child!, bytes: other!.bytes, dims: other!.dims, input: other!.input },
      { ...child!, bytes: child!.bytes.subarray(0, child!.bytes.length >> 1) },
    ],
    await temporaryFolder(),
  );
  for (const name of judges.slice(2)) {
    expect(complaint(name, swapped![name]!, child!), name).not.toEqual([]);
  }
  for (const name of judges) expect(cut![name], name).toHaveProperty("error");
});
