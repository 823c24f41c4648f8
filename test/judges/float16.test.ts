/**
 * Children in half precision before engines that are not ours, each against float32: onnx's checker, strict shape inference, its reference
 * evaluator, which rounds every value to a half, onnxruntime in Python, OpenVINO, OpenCV.
 */
import { expect, test } from "vitest";
import { slicedChild } from "../../src/compile/children.js";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { precisions } from "../../src/compile/precisions.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { onRuntime } from "../compile/contract.js";
import { randomArchitectures, randomImages, randomSupernet, spaceAt } from "../compile/random-children.js";
import { temporaryFolder } from "../temporary-folder.js";
import { complaint, judges, type Held } from "./complaint.js";
import { judge, missing } from "./judges.js";

const IMAGES = 8;

/** Random children of a space in float16, with the logits that their float32 has. */
async function halvesOf(name: string): Promise<Held[]> {
  const space = await spaceAt(name, [36]);
  const { supernet, weights } = randomSupernet(space, 1);
  const held: Held[] = [];
  for (const [id, architecture] of randomArchitectures(space, 3, 2)) {
    const { resolution } = architecture;
    const block = randomImages(space, resolution, IMAGES, 1);
    const bytesIn = async (precision: "float32" | "float16"): Promise<Uint8Array> => {
      const sliced = slicedChild(supernet, weights, architecture);
      const { child } = await runPasses(sliced, precisions[precision].steps, (measured, before) =>
        measure(measured, before, block, 1),
      );
      return emit(child, { resolution, output: "logits" });
    };
    const [wide, bytes] = [await bytesIn("float32"), await bytesIn("float16")];
    held.push({
      name: `${name} ${id}`,
      bytes,
      input: toChannelsFirst(block.images, IMAGES, space.channels),
      dims: [IMAGES, space.channels, resolution, resolution],
      logits: await onRuntime(wide, block, "all"),
      shape: ["batch_size", space.classes],
    });
  }
  return held;
}

/** Relu; hard-swish with squeeze-and-excite; swish with shortcuts that pool. */
test.skipIf(missing).each(["pictures-64", "ofa-mbv3", "attentivenas"])(
  `every judge agrees on float16 children of %s${missing}`,
  async (name) => {
    const held = await halvesOf(name);
    const verdicts = await judge(held, await temporaryFolder());
    const complaints = held.flatMap((child, i) =>
      Object.entries(verdicts[i]!).flatMap(([judge, verdict]) =>
        complaint(judge, verdict, child, precisions.float16.tolerance).map((line) => `${child.name}: ${line}`),
      ),
    );
    expect(verdicts.map((verdict) => Object.keys(verdict))).toEqual(held.map(() => judges));
    expect(complaints).toEqual([]);
  },
);
