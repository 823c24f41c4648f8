/** The pipeline from a lowered slice to what is written: in the one order that works. */
import { foldBatchNorm } from "./fold-batch-norm.js";
import { foldHardSigmoid } from "./fold-hard-sigmoid.js";
import type { Step } from "./pass.js";
import { recalibration } from "./recalibration.js";

export const floatSteps: readonly Step[] = [
  // Shared batch norms have no statistics that fit one child: measured first, on the graph as it trained.
  recalibration,
  // Batch norm into the convolution before it, now that its statistics are known: the weights change, the function doesn't.
  foldBatchNorm,
  // Rewrites hard-sigmoid so that no runtime mistakes it for hard-swish. After folding, when conv and hard-sigmoid are adjacent.
  foldHardSigmoid,
];
