/** Depthwise, then pointwise 1×1 with activation. MobileNet, arXiv 1704.04861. */
import { kernel, type BlockKind } from "./block.js";
import { appendDepthwise, endBranch } from "./layers.js";

export const depthwiseSeparable: BlockKind = {
  name: "depthwise-separable",
  says: "depthwise, pointwise",
  chooses: [kernel],
  squeezeExcite: true,
  build(context, x) {
    const { builder, path, stage, out } = context;
    x = appendDepthwise(context, x, context.in);
    x = builder.conv(`${path}.pointwise`, x, { out: out.channels });
    x = endBranch(context, `${path}.pointwise.norm`, x);
    return builder.activation(`${path}.pointwise.activation`, x, stage.activation);
  },
};
