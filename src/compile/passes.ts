/** The pipeline from a lowered slice to the graph that is written, in the only order that works. */
import { foldBatchNorm } from "./fold-batch-norm.js";
import { foldHardSigmoid } from "./fold-hard-sigmoid.js";
import { halfPrecision } from "./half-precision.js";
import type { Layout } from "./layouts.js";
import { quantize, quantizeStep } from "./quantize.js";
import { splitSwish } from "./split-swish.js";
import { rangeMethods } from "./ranges.js";
import type { Step } from "./pass.js";
import { recalibration } from "./recalibration.js";

export const floatSteps: readonly Step[] = [
  // No shared statistics fit a single child, so they are measured first, on the graph as it was trained.
  recalibration,
  // Folds batch norm into the convolution before it, once its statistics are known. The weights change, the function
  // does not.
  foldBatchNorm,
  // Rewrites hard-sigmoid so that no runtime mistakes it for hard-swish. After folding, when conv and hard-sigmoid are adjacent.
  foldHardSigmoid,
];

export const float16Steps: readonly Step[] = [
  ...floatSteps,
  // Last: what it measures and rounds are the values and weights that ship.
  halfPrecision,
];

export const int8Steps = (layout: Layout): readonly Step[] => [
  ...floatSteps,
  // Before values are seen, so that the gate of a swish is one of them.
  ...(layout.splitsSwish ? [splitSwish] : []),
  // Last, on the weights that ship: batch norm is folded, so that a conv and its activation are what a runtime fuses.
  {
    name: quantizeStep,
    ways: new Map([...rangeMethods.keys()].map((method) => [method, quantize(method, layout)])),
    keeping: (method, kept) => quantize(method, layout, kept),
  },
];
