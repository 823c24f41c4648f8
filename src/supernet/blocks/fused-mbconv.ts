/**
 * Fused inverted bottleneck: one full convolution instead of expansion and depthwise. EfficientNetV2, arXiv 2104.00298.
 * If the only ratio is 1 there is no projection: the convolution itself produces the output channels, followed by the
 * activation.
 */
import { expand, kernel, type BlockKind } from "./block.js";
import { conv } from "./conv.js";
import { appendProjection, expandedWidth } from "./layers.js";

export const fusedMbconv: BlockKind = {
  name: "fused-mbconv",
  says: "expand k×k, project 1×1; with expand ratio 1 one full convolution",
  chooses: [kernel, expand],
  squeezeExcite: false,
  build(context, x) {
    const { builder, elastic, path, stage, stride, choice } = context;
    const middle = expandedWidth(context);
    if (middle === context.in) return conv.build(context, x);
    const { values, read } = choice("kernel");
    x = builder.conv(`${path}.expand`, x, {
      out: middle.channels,
      kernel: elastic.kernel(path, values, read),
      stride,
    });
    x = builder.activation(`${path}.expand.activation`, builder.batchNorm(`${path}.expand.norm`, x), stage.activation);
    return appendProjection(context, x);
  },
};
