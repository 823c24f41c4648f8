/** Random children of a space for the judges, on random images. */
import { slicedChild } from "../../src/compile/children.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { randomArchitectures, randomImages, randomSupernet, spaceAt } from "../compile/random-children.js";
import type { Held } from "./complaint.js";

const IMAGES = 8;

/** @param compiled of a sliced child and the images: its file, and the logits that judges are to find */
export async function randomHeld(
  name: string,
  compiled: (
    sliced: () => ReturnType<typeof slicedChild>,
    block: ReturnType<typeof randomImages>,
  ) => Promise<Pick<Held, "bytes" | "logits">>,
): Promise<Held[]> {
  const space = await spaceAt(name, [36]);
  const { supernet, weights } = randomSupernet(space, 1);
  const held: Held[] = [];
  for (const [id, architecture] of randomArchitectures(space, 3, 2)) {
    const { resolution } = architecture;
    const block = randomImages(space, resolution, IMAGES, 1);
    held.push({
      name: `${name} ${id}`,
      ...(await compiled(() => slicedChild(supernet, weights, architecture), block)),
      input: toChannelsFirst(block.images, IMAGES, space.channels),
      dims: [IMAGES, space.channels, resolution, resolution],
      shape: ["batch_size", space.classes],
    });
  }
  return held;
}
