import { expect, test } from "vitest";
import { costOf } from "../../../src/graph/analyses.js";
import { print } from "../../../src/graph/print.js";
import { biggest, smallest } from "../../../src/space/space.js";
import { slice } from "../../../src/supernet/slice.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";
import { printedStage, stageNet } from "./stage.js";

const universal = { block: "universal-inverted-bottleneck", width: [8], expand: [2] };

test("with both depthwise convolutions, only the second has an activation", () => {
  expect(printedStage(stageNet({ ...universal, startKernel: [0, 3], kernel: [0, 5] }))).toEqual([
    "%4:8 = depthwise(%3, start.weight[3×3×8]) kernel=3",
    "%5:8 = batchNorm(%4, start.norm.gamma[8], start.norm.beta[8])",
    "%6:16 = conv(%5, expand.weight[1×1×8×16])",
    "%7:16 = batchNorm(%6, expand.norm.gamma[16], expand.norm.beta[16])",
    "%8:16 = activation(%7) function=relu",
    "%9:16 = depthwise(%8, depthwise.weight[5×5×16]) kernel=5",
    "%10:16 = batchNorm(%9, depthwise.norm.gamma[16], depthwise.norm.beta[16])",
    "%11:16 = activation(%10) function=relu",
    "%12:8 = conv(%11, project.weight[1×1×16×8])",
    "%13:8 = batchNorm(%12, project.norm.gamma[8], project.norm.beta[8])",
    "%14:8 = add(%3, %13)",
  ]);
});

test("a child without them is a feed-forward network: no depthwise convolution, no batch norm of one, no bypass", () => {
  const supernet = stageNet({ ...universal, startKernel: [0, 3], kernel: [0, 5] });
  expect(printedStage(supernet, smallest(supernet.space))).toEqual([
    "%4:16 = conv(%3, expand.weight[1×1×8×16])",
    "%5:16 = batchNorm(%4, expand.norm.gamma[16], expand.norm.beta[16])",
    "%6:16 = activation(%5) function=relu",
    "%7:8 = conv(%6, project.weight[1×1×16×8])",
    "%8:8 = batchNorm(%7, project.norm.gamma[8], project.norm.beta[8])",
    "%9:8 = add(%3, %8)",
  ]);
});

test("a convolution that every child has needs no bypass; one that no child has is not in the supernet", () => {
  const printed = print(stageNet({ ...universal, startKernel: [3, 5], kernel: [0] }).graph);
  expect(printed).toContain("start.weight");
  expect(printed).not.toContain("depthwise.weight");
  expect(printed).not.toContain("bypass");
});

test("the second carries the stride, or the first if there is no second", () => {
  const strided = (fields: object) => printedStage(stageNet({ ...universal, ...fields, stride: 2, shortcut: "none" }));
  const both = strided({ startKernel: [3], kernel: [5] }).filter((line) => line.includes("stride=2"));
  expect(both).toEqual(["%9:16 = depthwise(%8, depthwise.weight[5×5×16]) kernel=5 stride=2"]);
  const first = strided({ startKernel: [3], kernel: [0] }).filter((line) => line.includes("stride=2"));
  expect(first).toEqual(["%4:8 = depthwise(%3, start.weight[3×3×8]) kernel=3 stride=2"]);
});

test.each([
  [{ startKernel: [3], kernel: [0, 3] }, "stages[0].kernel is 0, 3; want sizes without 0 in a stage of stride 2"],
  [{ startKernel: [0, 3], kernel: [0] }, "stages[0].startKernel is 0, 3; want sizes without 0 in a stage of stride 2"],
])("a space in which a child might lose the stride is refused: %j", (fields, message) => {
  expect(() => stageNet({ ...universal, ...fields, stride: 2 })).toThrow(message);
});

test("other blocks have no start kernel, and cannot leave their kernel out", () => {
  const other = { block: "mbconv", width: [8], expand: [2] };
  expect(() => stageNet({ ...other, kernel: [3], startKernel: [3] })).toThrow(
    "stages[0].startKernel is 3; want none for the block mbconv",
  );
  expect(() => stageNet({ ...other, kernel: [0, 3] })).toThrow(
    "stages[0].kernel is 0, 3; want odd kernel sizes for the block mbconv",
  );
});

test("MobileNetV4-Conv-S: the biggest child of mnv4-conv-s has the published parameters and MACs", async () => {
  const space = await loadSpace("mnv4-conv-s");
  const supernet = buildSupernet(space);
  const { macs, parameters } = costOf(slice(supernet.graph, supernet.settingOf(biggest(space))), 224);
  // arXiv 2404.10518, table 5: 3.8 M parameters, 0.2 G MACs. Counted over the modules of timm 1.0.31's mobilenetv4_conv_small.
  expect(parameters).toBe(3_774_024);
  expect(macs).toBe(186_005_568);
});
