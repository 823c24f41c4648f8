/**
 * Children in int8 before engines that are not ours: onnx's checker, strict shape inference, its reference evaluator, which computes each
 * quantisation as the specification says, onnxruntime in Python, and OpenVINO; each against onnxruntime-node on the same file. OpenCV is
 * not asked: it reads no such files. Opset 19, the oldest that the reference evaluator has DequantizeLinear in.
 */
import { expect, test } from "vitest";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { defaultLayout, layoutNames, layouts, type LayoutName } from "../../src/compile/layouts.js";
import { int8For, precisions } from "../../src/compile/precisions.js";
import { layersOf } from "../../src/compile/places.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { environmentHere } from "../../src/target/environment.js";
import { onRuntime } from "../compile/contract.js";
import { temporaryFolder } from "../temporary-folder.js";
import { complaint, judges, type Held } from "./complaint.js";
import { judge, missing } from "./judges.js";
import { randomHeld } from "./random-held.js";

/** One number rounded to the other side moves all that follow: with random weights up to 0.02 after relu, 0.09 after swish with squeeze-and-excite. */
const TOLERANCE = 0.1;
/** Layers in float32, where some are. */
const KEPT = 4;

const hasVnni = environmentHere().cpuFlags.some((flag) => flag.endsWith("_vnni"));
/** Without VNNI, OpenVINO adds products in pairs of 16 bits, which weights of 8 bits overflow (its docs, saturation issue): weights of 7 bits don't. */
const isRightInVino = (layout: LayoutName): boolean => hasVnni || layouts[layout].largestWeight < 64;
const vnni = hasVnni ? "" : " (OpenVINO is asked of weights of 7 bits alone: for 8, run it on a processor with VNNI)";

interface LaidOut extends Held {
  readonly layout: LayoutName;
}

/** @param keeps how many layers stay in float32: one of each part of the child */
async function quantizedOf(name: string, layout: LayoutName, keeps = 0): Promise<LaidOut[]> {
  const held = await randomHeld(name, async (sliced, block) => {
    const { child } = await runPasses(
      sliced(),
      precisions[int8For(layout)].steps,
      (measured, before) => measure(measured, before, block),
      async (ways) =>
        [...ways.keys()].map((way) => ({ way, isTaken: way === "min-max", correct: 0, images: 0, difference: 0 })),
      async (taken, keeping, before) => {
        const layers = layersOf(before.graph);
        const kept = Array.from({ length: keeps }, (_, i) => layers[Math.floor((i * layers.length) / keeps)]!);
        return keeps === 0 ? taken : keeping(new Map(kept.map((layer) => [layer, "to try"])));
      },
    );
    const bytes = emit(child, { resolution: block.resolution, output: "logits", opset: 19 });
    return { bytes, logits: await onRuntime(bytes, block, "all") };
  });
  return held.map((child) => ({ ...child, layout }));
}

async function complaintsAbout(held: readonly LaidOut[], kept = 0): Promise<string[]> {
  const verdicts = await judge(held, await temporaryFolder(), { layers: true });
  for (const { "OpenVINO's layers": layers } of verdicts) {
    expect((layers as readonly string[]).filter((numbers) => !/^[ui]8$/.test(numbers))).toHaveLength(kept);
    expect((layers as readonly string[]).length).toBeGreaterThan(20);
  }
  return held.flatMap((child, i) =>
    judges
      .filter((judge) => judge !== "OpenCV" && (judge !== "OpenVINO" || isRightInVino(child.layout)))
      .flatMap((judge) => complaint(judge, verdicts[i]![judge]!, child, TOLERANCE))
      .map((line) => `${child.name}: ${line}`),
  );
}

test.skipIf(missing)(
  `every judge but OpenCV agrees on int8 children with swish and squeeze-and-excite, and OpenVINO computes their layers in 8 bits${missing}`,
  async () => {
    expect(await complaintsAbout(await quantizedOf("attentivenas", defaultLayout))).toEqual([]);
  },
);

test.skipIf(missing)(
  `every judge but OpenCV agrees on int8 children of each layout, too${vnni}${missing}`,
  async () => {
    const held = await Promise.all(
      layoutNames.map(async (layout) =>
        (await quantizedOf("pictures-64", layout)).map((child) => ({ ...child, name: `${child.name} for ${layout}` })),
      ),
    );
    // Two of the default's, one of each other's.
    const some = held.flatMap((children, i) => children.slice(0, layoutNames[i] === defaultLayout ? 2 : 1));
    expect(await complaintsAbout(some)).toEqual([]);
  },
);

test.skipIf(missing)(
  `every judge but OpenCV agrees on int8 children with layers in float32${vnni}${missing}`,
  async () => {
    const held = await Promise.all(
      (["x64", "tensorrt"] as const).map(async (layout) => (await quantizedOf("pictures-64", layout, KEPT))[0]!),
    );
    expect(await complaintsAbout(held, KEPT)).toEqual([]);
  },
);
