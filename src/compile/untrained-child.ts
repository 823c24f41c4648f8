/**
 * Children of a space that nothing was trained of: first weights, and batch norm's statistics of noise. They take the time that trained ones
 * take, since a runtime's kernels don't look at numbers, unless these run into denormals: that is what the statistics are for.
 */
import { random } from "../base/random.js";
import type { ImageBlock } from "../data/image-block.js";
import { idOf, type Architecture } from "../space/space.js";
import { layoutOf, viewsOf } from "../graph/layout.js";
import { initialize } from "../supernet/initialize.js";
import type { Supernet } from "../supernet/supernet.js";
import { slicedChild } from "./children.js";
import { emit } from "./emit.js";
import { measure } from "./measure.js";
import { floatSteps } from "./passes.js";
import type { Found } from "./pass.js";
import { runPasses } from "./run-passes.js";

/** Images of noise. */
const IMAGES = 8;

/** Compiles untrained children. A child's statistics are measured once, its file is made anew: files of many children are large. */
export function untrainedCompiler(supernet: Supernet, seed = 0): (architecture: Architecture) => Promise<Uint8Array> {
  const { space } = supernet;
  const layout = layoutOf(supernet.graph);
  const weights = viewsOf(layout, initialize(layout, seed, 1));
  const known = new Map<string, Found>();
  return async (architecture) => {
    const { resolution } = architecture;
    const id = idOf(space, architecture);
    const noise = noiseAt(resolution, space.channels, seed);
    const { child } = await runPasses(
      slicedChild(supernet, weights, architecture),
      floatSteps,
      async (measured, before) => {
        const found = known.get(id) ?? (await measure(measured, before, noise));
        known.set(id, found);
        return found;
      },
    );
    return emit(child, { resolution, output: "logits" });
  };
}

const noiseAt = (resolution: number, channels: number, seed: number): ImageBlock => ({
  ...{ count: IMAGES, resolution, channels },
  read: async (from, to) => {
    const draw = random(seed, "noise", from);
    return Float32Array.from({ length: (to - from) * resolution ** 2 * channels }, () => draw.normal());
  },
});
