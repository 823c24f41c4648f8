/** The pipeline from a slice with statistics to what is written: each pass a pure function, in the one order that works. */
import { verify } from "../graph/verify.js";
import { dropIdentities } from "./drop-identities.js";
import { foldBatchNorm } from "./fold-batch-norm.js";
import { foldHardSigmoid } from "./fold-hard-sigmoid.js";
import type { Child } from "./child.js";

export interface Pass {
  readonly name: string;
  run(child: Child): Child;
}

export const passes: readonly Pass[] = [
  // Dropout acts in training alone. First, so that nothing stands between operators that belong together.
  dropIdentities,
  // Batch norm into the convolution before it: the weights change, the function doesn't.
  foldBatchNorm,
  // A spelling that no runtime takes for a hard-swish. Behind batch norm, which stands between conv and hard-sigmoid if anywhere.
  foldHardSigmoid,
];

export const runPasses = (child: Child): Child =>
  passes.reduce((current, pass) => {
    const next = pass.run(current);
    verify(next.graph, pass.name);
    return next;
  }, child);
