/** What lies around an architecture: random mutants, and all that are one step away. */
import type { Random } from "../base/random.js";
import { headWidths } from "./count.js";
import type { Architecture, SearchSpaceData } from "./schema.js";

/**
 * A neighbour: each elastic dimension is drawn anew with a probability (fine-grained mutation of BigNAS). Blocks that a deeper
 * stage gains choose at random; the result may equal the parent.
 */
export function mutate(
  space: SearchSpaceData,
  parent: Architecture,
  probability: number,
  random: Random,
): Architecture {
  const again = (): boolean => random.next() < probability;
  const redraw = (list: readonly number[], current: number): number => (again() ? random.pick(list) : current);
  const optional = (key: "head" | "mix", list: readonly number[] | undefined) =>
    parent[key] === undefined || !list ? {} : { [key]: redraw(list, parent[key]) };
  return {
    resolution: redraw(space.resolutions, parent.resolution),
    stem: redraw(space.stem.width, parent.stem),
    stages: space.stages.map((stage, i) => {
      const current = parent.stages[i]!;
      const width = redraw(stage.width, current.width);
      const depth = redraw(stage.depth, current.depth);
      const draw = (list: readonly number[], values: readonly number[]): number[] => {
        if (stage.choicesPer === "stage") return Array<number>(depth).fill(redraw(list, values[0]!));
        return Array.from({ length: depth }, (_, block) =>
          block < values.length ? redraw(list, values[block]!) : random.pick(list),
        );
      };
      return {
        width,
        depth,
        kernels: draw(stage.kernel, current.kernels),
        expands: draw(stage.expand, current.expands),
      };
    }),
    ...optional("head", headWidths(space)),
    ...optional("mix", space.head.mix?.width),
  };
}

/** Every architecture that differs from this one in a single elastic dimension, by one step up or down. */
export function neighbours(space: SearchSpaceData, architecture: Architecture): Architecture[] {
  const found: Architecture[] = [];
  const steps = (list: readonly number[], current: number): number[] => {
    const at = list.indexOf(current);
    return [list[at - 1], list[at + 1]].filter((value) => value !== undefined);
  };
  for (const resolution of steps(space.resolutions, architecture.resolution))
    found.push({ ...architecture, resolution });
  for (const stem of steps(space.stem.width, architecture.stem)) found.push({ ...architecture, stem });
  space.stages.forEach((stage, i) => {
    const current = architecture.stages[i]!;
    const put = (change: Partial<typeof current>): void => {
      const stages = architecture.stages.with(i, { ...current, ...change });
      found.push({ ...architecture, stages });
    };
    for (const width of steps(stage.width, current.width)) put({ width });
    for (const depth of steps(stage.depth, current.depth)) {
      // A new block repeats the last one.
      const resize = (list: readonly number[]): number[] =>
        Array.from({ length: depth }, (_, block) => list[Math.min(block, list.length - 1)]!);
      put({ depth, kernels: resize(current.kernels), expands: resize(current.expands) });
    }
    const places = stage.choicesPer === "stage" ? [undefined] : current.kernels.map((_, block) => block);
    for (const place of places) {
      const change = (list: readonly number[], value: number): number[] =>
        list.map((old, block) => (place === undefined || place === block ? value : old));
      for (const kernel of steps(stage.kernel, current.kernels[place ?? 0]!))
        put({ kernels: change(current.kernels, kernel) });
      for (const expand of steps(stage.expand, current.expands[place ?? 0]!))
        put({ expands: change(current.expands, expand) });
    }
  });
  if (architecture.head !== undefined) {
    for (const head of steps(headWidths(space), architecture.head)) found.push({ ...architecture, head });
  }
  if (architecture.mix !== undefined && space.head.mix) {
    for (const mix of steps(space.head.mix.width, architecture.mix)) found.push({ ...architecture, mix });
  }
  return found;
}
