/** Which shipped spaces fit pictures of a size, and what one is like for their classes and channels. */
import { costOf } from "../graph/analyses.js";
import { biggest, smallest, type Architecture, type SearchSpace } from "../space/space.js";
import { slice } from "../supernet/slice.js";
import { loadSpace, parseSpace } from "../supernet/spaces.js";
import { buildSupernet } from "../supernet/supernet.js";

/** From the smallest pictures to the largest. */
const ladder = ["fashion", "pictures-32", "pictures-64", "pictures-96", "pictures-160", "pictures-224"] as const;

/** Pictures may be enlarged by this much: it costs time and adds nothing. */
const ENLARGED = 1.15;

export interface Fit {
  readonly classes: number;
  readonly channels: 1 | 3;
}

/**
 * The spaces that need no picture of the middle size enlarged, the largest first; at least one.
 * @param side the shorter side of the pictures, in pixels
 */
export async function fittingSpaces(side: number, fit: Fit): Promise<SearchSpace[]> {
  const spaces = await Promise.all(ladder.map((name) => fitted(name, fit)));
  const fitting = spaces.filter(({ resolutions }) => resolutions.at(-1)! <= ENLARGED * side);
  return fitting.length > 0 ? fitting.reverse() : [spaces[0]!];
}

/** A shipped space with other classes and channels: the file that init writes. */
async function fitted(name: string, { classes, channels }: Fit): Promise<SearchSpace> {
  const { data, resolutions } = await loadSpace(name);
  const description = `The shipped space ${name} for ${classes} classes and ${channels === 1 ? "grey" : "colour"} pictures.`;
  const changes = { name: `pictures-${resolutions.at(-1)!}`, description, classes, channels };
  return parseSpace({ ...data, ...changes }, name);
}

/** MACs of the smallest and the biggest child. */
export function macsOf(space: SearchSpace): { smallest: number; biggest: number } {
  const supernet = buildSupernet(space);
  const of = (architecture: Architecture): number =>
    costOf(slice(supernet.graph, supernet.settingOf(architecture)), architecture.resolution).macs;
  return { smallest: of(smallest(space)), biggest: of(biggest(space)) };
}
