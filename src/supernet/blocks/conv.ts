/** One full convolution with activation. */
import { kernel, type BlockKind } from "./block.js";
import { endBranch } from "./layers.js";

export const conv: BlockKind = {
  name: "conv",
  says: "one full convolution",
  chooses: [kernel],
  squeezeExcite: false,
  build(context, x) {
    const { builder, elastic, path, stage, stride, out, choice } = context;
    const { values, read } = choice("kernel");
    x = builder.conv(`${path}.conv`, x, { out: out.channels, kernel: elastic.kernel(path, values, read), stride });
    x = endBranch(context, `${path}.conv.norm`, x);
    return builder.activation(`${path}.conv.activation`, x, stage.activation);
  },
};
