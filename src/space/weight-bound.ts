/** What a space's biggest child weighs at most, from its data alone: a space that no memory holds is refused before a graph is built. */
import type { SearchSpaceData, StageData } from "./schema.js";

/** 1 GiB of float32, ten times the biggest published supernet; gradients and optimiser state come on top. */
export const MAX_WEIGHTS = 2 ** 28;

/** Weights of all convolutions and of the classifier at their widest; vectors of a batch norm don't count. */
export function weightBound({ channels, stem, stages, head, classes }: SearchSpaceData): number {
  let width = stem.width.at(-1)!;
  let weights = channels * width * stem.kernel ** 2;
  for (const stage of stages) {
    const out = stage.width.at(-1)!;
    const depth = stage.depth.at(-1)!;
    const shortcut = stage.shortcut === "none" ? 0 : width * out;
    weights += shortcut + blockWeights(stage, width, out) + (depth - 1) * blockWeights(stage, out, out);
    width = out;
  }
  const last = Array.isArray(head.width) ? head.width.at(-1)! : width * head.width.expand;
  const mixed = head.mix?.width.at(-1);
  return weights + width * last + (mixed === undefined ? last * classes : last * mixed + mixed * classes);
}

function blockWeights({ block, kernel, expand, squeezeExcite }: StageData, width: number, out: number): number {
  const square = kernel.at(-1)! ** 2;
  if (block === "conv") return width * out * square;
  const ratio = expand.at(-1)!;
  const middle = width * ratio;
  const base = squeezeExcite?.base === "input" ? width : middle;
  const squeeze = squeezeExcite ? 2 * middle * (base / squeezeExcite.ratio) : 0;
  return (ratio > 1 ? width * middle : 0) + middle * square + squeeze + middle * out;
}
