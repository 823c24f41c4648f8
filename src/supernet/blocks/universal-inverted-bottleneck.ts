/**
 * Universal inverted bottleneck: an inverted bottleneck whose two depthwise convolutions, before and after the
 * expansion, are optional. With both it is ExtraDW; with only the second, MBConv; with only the first, ConvNeXt's
 * block; with neither, a feed-forward network. MobileNetV4, arXiv 2404.10518.
 */
import { kernelOrNone } from "../convnet/fields.js";
import { expand, kernel, type BlockChoice, type BlockKind } from "./block.js";
import { appendExpansion, appendProjection, appendSqueezeExcite, expandedWidth } from "./layers.js";
import { appendOptionalDepthwise } from "./optional-depthwise.js";

const startKernel: BlockChoice = {
  field: "startKernel",
  list: "startKernels",
  dimension: "kernel",
  value: kernelOrNone,
  says: "Kernel size of the depthwise convolution before the expansion; 0 leaves it out.",
};

const isNone = (sizes: readonly number[]): boolean => sizes.every((size) => size === 0);

export const universalInvertedBottleneck: BlockKind = {
  name: "universal-inverted-bottleneck",
  says: "optional depthwise, expand 1×1, optional depthwise, project 1×1",
  chooses: [kernel, expand, startKernel],
  squeezeExcite: true,
  kernelMayBeZero: true,
  problemsOf(stage) {
    const field = isNone(stage.values("kernel")) ? "startKernel" : "kernel";
    const sizes = stage.values(field);
    if (stage.stride === 1 || !sizes.includes(0)) return [];
    const want = "sizes without 0 in a stage of stride 2, since this depthwise convolution carries the stride";
    return [{ field, got: sizes.join(", "), want, fix: "Remove the 0, or use stride 1." }];
  },
  build(context, x) {
    const { path, stride, choice } = context;
    const [start, middle] = [choice("startKernel"), choice("kernel")];
    // The second carries the stride, or the first if no architecture has a second.
    const strides = isNone(middle.values) ? { start: stride, middle: 1 } : { start: 1, middle: stride };
    const width = expandedWidth(context);
    x = appendOptionalDepthwise(context, `${path}.start`, x, {
      kernel: start,
      stride: strides.start,
      activates: false,
    });
    x = appendExpansion(context, x, width);
    x = appendOptionalDepthwise(context, `${path}.depthwise`, x, {
      kernel: middle,
      stride: strides.middle,
      activates: true,
    });
    x = appendSqueezeExcite(context, x, width);
    return appendProjection(context, x);
  },
};
