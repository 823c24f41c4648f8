import { expect, test } from "vitest";
import { costOf } from "../../../src/graph/analyses.js";
import { biggest } from "../../../src/space/space.js";
import { slice } from "../../../src/supernet/slice.js";
import { loadSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";
import { printedStage, stageNet } from "./stage.js";

test("the block expands k×k, projects 1×1 and adds its input", () => {
  expect(printedStage(stageNet({ block: "fused-mbconv", width: [8], kernel: [3, 5], expand: [2, 4] }))).toEqual([
    "%4:32 = conv(%3, expand.weight[5×5×8×32]) kernel=5",
    "%5:32 = batchNorm(%4, expand.norm.gamma[32], expand.norm.beta[32])",
    "%6:32 = activation(%5) function=relu",
    "%7:8 = conv(%6, project.weight[1×1×32×8])",
    "%8:8 = batchNorm(%7, project.norm.gamma[8], project.norm.beta[8])",
    "%9:8 = add(%3, %8)",
  ]);
});

test("with ratio 1 only, the block is one full convolution with activation", () => {
  expect(printedStage(stageNet({ block: "fused-mbconv", width: [12], kernel: [3], stride: 2 }))).toEqual([
    "%4:12 = conv(%3, shortcut.conv.weight[1×1×8×12]) stride=2",
    "%5:12 = conv(%3, conv.weight[3×3×8×12]) kernel=3 stride=2",
    "%6:12 = batchNorm(%5, conv.norm.gamma[12], conv.norm.beta[12])",
    "%7:12 = activation(%6) function=relu",
    "%8:12 = add(%4, %7)",
  ]);
});

test("EfficientNetV2-S: the biggest child of effnetv2-s has the published parameters and MACs", async () => {
  const space = await loadSpace("effnetv2-s");
  const supernet = buildSupernet(space);
  const { macs, parameters } = costOf(slice(supernet.graph, supernet.settingOf(biggest(space))), 384);
  // torchvision 0.29.1, models/efficientnet.py, EfficientNet_V2_S_Weights: num_params 21458488, _ops 8.366 (G) at 384 pixels.
  expect(parameters).toBe(21_458_488);
  expect((macs / 1e9).toFixed(3)).toBe("8.366");
  // Counted over the modules of timm 1.0.31's tf_efficientnetv2_s.
  expect(macs).toBe(8_365_617_152);
});
