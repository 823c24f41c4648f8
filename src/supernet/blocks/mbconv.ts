/** Inverted bottleneck. MobileNetV2, arXiv 1801.04381. */
import { expand, kernel, type BlockKind } from "./block.js";
import { appendDepthwise, appendExpansion, appendProjection, expandedWidth } from "./layers.js";

export const mbconv: BlockKind = {
  name: "mbconv",
  says: "expand 1×1, depthwise, project 1×1",
  chooses: [kernel, expand],
  squeezeExcite: true,
  build(context, x) {
    const middle = expandedWidth(context);
    x = appendExpansion(context, x, middle);
    x = appendDepthwise(context, x, middle);
    return appendProjection(context, x);
  },
};
