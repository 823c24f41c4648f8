/**
 * Children in half precision before engines that are not ours, each against float32: onnx's checker, strict shape inference, its reference
 * evaluator, which rounds every value to a half, onnxruntime in Python, OpenVINO, OpenCV.
 */
import { expect, test } from "vitest";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { precisions } from "../../src/compile/precisions.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { onRuntime } from "../compile/contract.js";
import { temporaryFolder } from "../temporary-folder.js";
import { complaint, judges, type Held } from "./complaint.js";
import { judge, missing } from "./judges.js";
import { randomHeld } from "./random-held.js";

/** Random children of a space in float16, with the logits that their float32 has. */
const halvesOf = (name: string): Promise<Held[]> =>
  randomHeld(name, async (sliced, block) => {
    const bytesIn = async (precision: "float32" | "float16"): Promise<Uint8Array> => {
      const { child } = await runPasses(sliced(), precisions[precision].steps, (measured, before) =>
        measure(measured, before, block),
      );
      return emit(child, { resolution: block.resolution, output: "logits" });
    };
    return { bytes: await bytesIn("float16"), logits: await onRuntime(await bytesIn("float32"), block, "all") };
  });

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
