import { expect, test } from "vitest";
import { slicedChild } from "../../src/compile/children.js";
import { measure } from "../../src/compile/measure.js";
import { floatSteps } from "../../src/compile/passes.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { print } from "../../src/graph/print.js";
import { smallest } from "../../src/space/space.js";
import { randomImages, randomSupernet, spaceAt } from "./random-children.js";

test("the pipeline measures statistics, then folds batch norms, then hard-sigmoids", () => {
  expect(floatSteps.map(({ name }) => name)).toEqual(["recalibration", "fold-batch-norm", "fold-hard-sigmoid"]);
});

test("printed: fashion's smallest child as it is written, and the report of the steps", async () => {
  const space = await spaceAt("fashion");
  const { supernet, weights } = randomSupernet(space, 1);
  const architecture = smallest(space);
  const sliced = slicedChild(supernet, weights, architecture);
  const block = randomImages(space, architecture.resolution, 4, 1);
  const { child, report } = await runPasses(sliced, floatSteps, (measured, before) => measure(measured, before, block));
  const counts = report.map(({ name, notes }) => [
    name,
    notes.length,
    notes.filter((n) => n.verdict === "skipped").length,
  ]);
  expect(counts).toEqual([
    ["lower", 12, 0],
    ["recalibration", 11, 0],
    ["fold-batch-norm", 11, 0],
    ["fold-hard-sigmoid", 0, 0],
  ]);
  expect(print(child.graph)).toMatchInlineSnapshot(`
    "fashion(%0:1)
      %1:16 = conv(%0, stem.conv.weight[3×3×1×16], stem.conv.bias[16]) kernel=3
      %2:16 = activation(%1) function=relu
      %3:16 = averagePool(%2) stride=2
      %4:24 = conv(%3, stages.mb1.0.shortcut.conv.weight[1×1×16×24])
      %5:32 = conv(%2, stages.mb1.0.expand.weight[1×1×16×32], stages.mb1.0.expand.bias[32])
      %6:32 = activation(%5) function=relu
      %7:32 = depthwise(%6, stages.mb1.0.depthwise.weight[3×3×32], stages.mb1.0.depthwise.bias[32]) kernel=3 stride=2
      %8:32 = activation(%7) function=relu
      %9:24 = conv(%8, stages.mb1.0.project.weight[1×1×32×24], stages.mb1.0.project.bias[24])
      %10:24 = add(%4, %9)
      %11:24 = averagePool(%10) stride=2
      %12:32 = conv(%11, stages.mb2.0.shortcut.conv.weight[1×1×24×32])
      %13:48 = conv(%10, stages.mb2.0.expand.weight[1×1×24×48], stages.mb2.0.expand.bias[48])
      %14:48 = activation(%13) function=relu
      %15:48 = depthwise(%14, stages.mb2.0.depthwise.weight[5×5×48], stages.mb2.0.depthwise.bias[48]) kernel=5 stride=2
      %16:48 = activation(%15) function=relu
      %17:32 = conv(%16, stages.mb2.0.project.weight[1×1×48×32], stages.mb2.0.project.bias[32])
      %18:32 = add(%12, %17)
      %19:48 = conv(%18, stages.mb3.0.shortcut.conv.weight[1×1×32×48])
      %20:64 = conv(%18, stages.mb3.0.expand.weight[1×1×32×64], stages.mb3.0.expand.bias[64])
      %21:64 = activation(%20) function=relu
      %22:64 = depthwise(%21, stages.mb3.0.depthwise.weight[3×3×64], stages.mb3.0.depthwise.bias[64]) kernel=3
      %23:64 = activation(%22) function=relu
      %24:48 = conv(%23, stages.mb3.0.project.weight[1×1×64×48], stages.mb3.0.project.bias[48])
      %25:48 = add(%19, %24)
      %26:128 = conv(%25, head.conv.weight[1×1×48×128], head.conv.bias[128])
      %27:128 = activation(%26) function=relu
      %28:128 = globalAveragePool(%27)
      %29:128 = flatten(%28)
      %30:10 = dense(%29, classifier.weight[128×10], classifier.bias[10]) units=10
      return %30:10"
  `);
});
