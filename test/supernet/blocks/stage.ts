/** A net of one stage, for tests that look at a block's graph. */
import { print } from "../../../src/graph/print.js";
import { biggest, type Architecture } from "../../../src/space/space.js";
import { slice } from "../../../src/supernet/slice.js";
import { parseSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet, type Supernet } from "../../../src/supernet/supernet.js";

/** A stem of 8 channels at 8 pixels, the stage, a head of 16 channels. */
export const stageNet = (stage: Record<string, unknown>): Supernet =>
  buildSupernet(
    parseSpace(
      {
        name: "one-stage",
        classes: 3,
        channels: 1,
        resolutions: [8],
        divisor: 4,
        stem: { width: [8], stride: 1, activation: "relu" },
        stages: [{ name: "s", depth: [1], stride: 1, activation: "relu", shortcut: "conv", ...stage }],
        head: { width: [16], activation: "relu" },
      },
      "one-stage",
    ),
  );

/** The stage's lines of a printed child, between the three nodes of the stem and the seven of the head; paths start at the block. */
export function printedStage(supernet: Supernet, architecture: Architecture = biggest(supernet.space)): string[] {
  const lines = print(slice(supernet.graph, supernet.settingOf(architecture))).split("\n");
  return lines.slice(4, -8).map((line) => line.trim().replaceAll("stages.s.0.", "").replace(" epsilon=0.00001", ""));
}
