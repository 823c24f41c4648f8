/** Random weights, images and architectures of the shipped spaces, all from one seed, for the compiler's tests. */
import { floatBlock, type FloatBlock } from "../float-block.js";
import { random } from "../../src/base/random.js";
import type { Architecture } from "../../src/space/space.js";
import { loadSpace, parseSpace } from "../../src/supernet/spaces.js";
import { idOf, sample, type SearchSpace } from "../../src/space/space.js";
import { layoutOf, viewsOf } from "../../src/graph/layout.js";
import { initialize } from "../../src/supernet/initialize.js";
import { buildSupernet, type Supernet } from "../../src/supernet/supernet.js";

/** A shipped space, at other resolutions if its own take too long for a test. */
export async function spaceAt(name: string, resolutions?: number[]): Promise<SearchSpace> {
  const space = await loadSpace(name);
  return resolutions ? parseSpace({ ...space.data, resolutions }, name) : space;
}

/** A supernet whose weights are all random, including batch norms and biases; no last gamma is 0. */
export function randomSupernet(
  space: SearchSpace,
  seed: number,
): { supernet: Supernet; weights: Map<string, Float32Array> } {
  const supernet = buildSupernet(space);
  const layout = layoutOf(supernet.graph);
  const weights = viewsOf(layout, initialize(layout, seed, 1));
  for (const [name, values] of weights) {
    const draw = random(seed, "test", name);
    if (name.endsWith(".gamma")) values.forEach((_, i) => (values[i] = 0.5 + draw.next()));
    if (name.endsWith(".beta") || name.endsWith(".bias")) values.forEach((_, i) => (values[i] = 0.3 * draw.normal()));
  }
  return { supernet, weights };
}

export function randomImages(space: SearchSpace, resolution: number, count: number, seed: number): FloatBlock {
  const draw = random(seed, "images", resolution);
  const images = Float32Array.from({ length: count * resolution ** 2 * space.channels }, () => draw.normal());
  return floatBlock({ images, count, resolution, channels: space.channels });
}

/** Distinct architectures by id. Except after a repetition, the i-th depends only on the seed and i. */
export function randomArchitectures(space: SearchSpace, seed: number, count: number): Map<string, Architecture> {
  const found = new Map<string, Architecture>();
  for (let i = 0; found.size < count; i++) {
    const architecture = sample(space, random(seed, "architecture", i));
    found.set(idOf(space, architecture), architecture);
  }
  return found;
}
