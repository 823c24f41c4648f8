/**
 * Children in int8 before engines that are not ours: onnx's checker, strict shape inference, its reference evaluator, which computes each
 * quantisation as the specification says, onnxruntime in Python, and OpenVINO; each against onnxruntime-node on the same file. OpenCV is
 * not asked: it reads no such files. Opset 19, the oldest that the reference evaluator has DequantizeLinear in.
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

/** One number rounded to the other side moves all that follow: with random weights up to 0.02 after relu, 0.09 after swish with squeeze-and-excite. */
const TOLERANCE = 0.1;

const quantizedOf = (name: string): Promise<Held[]> =>
  randomHeld(name, async (sliced, block) => {
    const { child } = await runPasses(
      sliced(),
      precisions["int8-x64"].steps,
      (measured, before) => measure(measured, before, block, 1),
      async (ways) =>
        [...ways.keys()].map((way) => ({ way, isTaken: way === "min-max", correct: 0, images: 0, difference: 0 })),
    );
    const bytes = emit(child, { resolution: block.resolution, output: "logits", opset: 19 });
    return { bytes, logits: await onRuntime(bytes, block, "all") };
  });

test.skipIf(missing).each(["pictures-64", "attentivenas"])(
  `every judge but OpenCV agrees on int8 children of %s${missing}`,
  async (name) => {
    const held = await quantizedOf(name);
    const verdicts = await judge(held, await temporaryFolder());
    const complaints = held.flatMap((child, i) =>
      judges
        .filter((judge) => judge !== "OpenCV")
        .flatMap((judge) => complaint(judge, verdicts[i]![judge]!, child, TOLERANCE))
        .map((line) => `${child.name}: ${line}`),
    );
    expect(complaints).toEqual([]);
  },
);
