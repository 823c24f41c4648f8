/** Every kind of block. To add one, write a file beside this one and a line here (docs/adding-a-block.md). */
import { conv } from "./conv.js";
import { depthwiseSeparable } from "./depthwise-separable.js";
import { fusedMbconv } from "./fused-mbconv.js";
import { mbconv } from "./mbconv.js";
import { universalInvertedBottleneck } from "./universal-inverted-bottleneck.js";
import type { BlockKind } from "./block.js";

export const blocks: readonly BlockKind[] = [
  mbconv,
  fusedMbconv,
  depthwiseSeparable,
  conv,
  universalInvertedBottleneck,
];

/** The kind with a name that the schema has already checked. */
export function blockOf(name: string): BlockKind {
  const kind = blocks.find((known) => known.name === name);
  if (!kind) throw new Error(`internal: no block ${name}`);
  return kind;
}
