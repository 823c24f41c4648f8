/**
 * A search space and its points. Every architecture is a tuple of choices, one per *elastic dimension* in a fixed order, so
 * counting, numbering (the id), sampling and neighbours are all the same walk over that tuple.
 */
import { createHash } from "node:crypto";
import { UserError } from "../base/user-error.js";
import type { Random } from "../base/random.js";
import type { Architecture, SearchSpaceData, StageData } from "./schema.js";

export interface SearchSpace extends SearchSpaceData {
  /** SHA-256 of the canonical data: two files with equal hashes mean the same space. */
  readonly hash: string;
}

/** Freezes validated data as a space. `description` and `$schema` don't count for the hash. */
export function searchSpace(data: SearchSpaceData): SearchSpace {
  const { description, $schema, ...meaning } = data;
  return { ...data, hash: createHash("sha256").update(JSON.stringify(meaning)).digest("hex") };
}

/** A group of independent choices of one stage: what one block (or, shared, the whole stage) chooses. */
const blockChoices = (stage: StageData): bigint => BigInt(stage.kernel.length * stage.expand.length);

/** The number of kernel and expand choices of a stage at a depth. */
const choicesAt = (stage: StageData, depth: number): bigint =>
  stage.choicesPer === "block" ? blockChoices(stage) ** BigInt(depth) : blockChoices(stage);

const stageCount = (stage: StageData): bigint =>
  BigInt(stage.width.length) * stage.depth.reduce((sum, depth) => sum + choicesAt(stage, depth), 0n);

const headWidths = (space: SearchSpaceData): readonly number[] =>
  Array.isArray(space.head.width) ? space.head.width : [];

/** The number of architectures. */
export function countArchitectures(space: SearchSpaceData): bigint {
  return (
    BigInt(space.resolutions.length * space.stem.width.length) *
    space.stages.reduce((product, stage) => product * stageCount(stage), 1n) *
    BigInt(Math.max(1, headWidths(space).length)) *
    BigInt(space.head.mix?.width.length ?? 1)
  );
}

/** Reads choices off a number, least significant first; `writer` below is its inverse. */
interface Digits {
  take(base: bigint): bigint;
}
const digitsOf = (index: bigint): Digits => ({
  take(base) {
    const digit = index % base;
    index /= base;
    return digit;
  },
});

/** The architecture's place in the space's fixed order, in base 36: short, and stable for as long as the space is. */
export function idOf(space: SearchSpaceData, architecture: Architecture): string {
  checkArchitecture(space, architecture, "architecture");
  let index = 0n;
  let base = 1n;
  const put = (digit: bigint, count: bigint): void => {
    index += digit * base;
    base *= count;
  };
  const choose = <T>(list: readonly T[], item: T): void => put(BigInt(list.indexOf(item)), BigInt(list.length));
  choose(space.resolutions, architecture.resolution);
  choose(space.stem.width, architecture.stem);
  space.stages.forEach((stage, i) => {
    const chosen = architecture.stages[i]!;
    choose(stage.width, chosen.width);
    // Depth, kernels and expand ratios are one digit: shallower stages first, each with all its choices.
    let digit = stage.depth
      .filter((depth) => depth < chosen.depth)
      .reduce((sum, depth) => sum + choicesAt(stage, depth), 0n);
    let weight = 1n;
    const blocks = stage.choicesPer === "block" ? chosen.depth : 1;
    for (let block = 0; block < blocks; block++) {
      const kernel = stage.kernel.indexOf(chosen.kernels[block]!);
      const expand = stage.expand.indexOf(chosen.expands[block]!);
      digit += weight * BigInt(kernel + stage.kernel.length * expand);
      weight *= blockChoices(stage);
    }
    put(
      digit,
      stage.depth.reduce((sum, depth) => sum + choicesAt(stage, depth), 0n),
    );
  });
  if (headWidths(space).length > 0) choose(headWidths(space), architecture.head!);
  if (space.head.mix) choose(space.head.mix.width, architecture.mix!);
  return index.toString(36);
}

/**
 * The architecture of an id.
 * @throws UserError `space/id` when it is no id of this space.
 */
export function architectureOf(space: SearchSpaceData, id: string): Architecture {
  const count = countArchitectures(space);
  const index = parseBase36(id);
  if (index === undefined || index >= count) {
    throw new UserError("space/id", {
      at: "architecture id",
      got: JSON.stringify(id),
      want: `an id of the space ${space.name}, at most ${(count - 1n).toString(36)}`,
      fix: "Ids belong to one space; take one from `nestling search` or name a file, biggest, smallest or random:SEED.",
    });
  }
  const digits = digitsOf(index);
  const choose = <T>(list: readonly T[]): T => list[Number(digits.take(BigInt(list.length)))]!;
  const resolution = choose(space.resolutions);
  const stem = choose(space.stem.width);
  const stages = space.stages.map((stage) => {
    const width = choose(stage.width);
    let digit = digits.take(stage.depth.reduce((sum, depth) => sum + choicesAt(stage, depth), 0n));
    let depth = stage.depth[0]!;
    for (const candidate of stage.depth) {
      depth = candidate;
      if (digit < choicesAt(stage, candidate)) break;
      digit -= choicesAt(stage, candidate);
    }
    const inner = digitsOf(digit);
    const block = (): [number, number] => {
      const both = Number(inner.take(blockChoices(stage)));
      return [stage.kernel[both % stage.kernel.length]!, stage.expand[Math.floor(both / stage.kernel.length)]!];
    };
    const shared = stage.choicesPer === "stage" ? block() : undefined;
    const blocks = Array.from({ length: depth }, () => shared ?? block());
    return { width, depth, kernels: blocks.map(([kernel]) => kernel), expands: blocks.map(([, expand]) => expand) };
  });
  return {
    resolution,
    stem,
    stages,
    ...(headWidths(space).length > 0 && { head: choose(headWidths(space)) }),
    ...(space.head.mix && { mix: choose(space.head.mix.width) }),
  };
}

function parseBase36(text: string): bigint | undefined {
  if (!/^(0|[1-9a-z][0-9a-z]*)$/.test(text)) return undefined;
  return [...text].reduce((value, digit) => value * 36n + BigInt(parseInt(digit, 36)), 0n);
}

/** Makes an architecture by asking `choose` for every elastic dimension. */
function compose(space: SearchSpaceData, choose: (list: readonly number[]) => number): Architecture {
  return {
    resolution: choose(space.resolutions),
    stem: choose(space.stem.width),
    stages: space.stages.map((stage) => {
      const width = choose(stage.width);
      const depth = choose(stage.depth);
      if (stage.choicesPer === "stage") {
        const kernel = choose(stage.kernel);
        const expand = choose(stage.expand);
        return {
          width,
          depth,
          kernels: Array<number>(depth).fill(kernel),
          expands: Array<number>(depth).fill(expand),
        };
      }
      const blocks = Array.from({ length: depth }, () => [choose(stage.kernel), choose(stage.expand)] as const);
      return { width, depth, kernels: blocks.map(([kernel]) => kernel), expands: blocks.map(([, expand]) => expand) };
    }),
    ...(headWidths(space).length > 0 && { head: choose(headWidths(space)) }),
    ...(space.head.mix && { mix: choose(space.head.mix.width) }),
  };
}

/** The architecture with every elastic dimension at its largest. */
export const biggest = (space: SearchSpaceData): Architecture => compose(space, (list) => list[list.length - 1]!);

/** The architecture with every elastic dimension at its smallest. */
export const smallest = (space: SearchSpaceData): Architecture => compose(space, (list) => list[0]!);

/** Each elastic dimension drawn uniformly and independently, as BigNAS trains. */
export const sample = (space: SearchSpaceData, random: Random): Architecture =>
  compose(space, (list) => random.pick(list));

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

/**
 * Holds an architecture against its space; every mistake at once.
 * @throws UserError `space/architecture`
 */
export function checkArchitecture(space: SearchSpaceData, architecture: Architecture, at: string): void {
  const problems: { at: string; got: string | number; want: string; fix: string }[] = [];
  const hold = (path: string, got: number | undefined, list: readonly number[]): void => {
    if (got !== undefined && list.includes(got)) return;
    const want = list.length === 1 ? `${list[0]}` : `one of ${list.join(", ")}`;
    problems.push({ at: `${at}: ${path}`, got: got ?? "missing", want, fix: "See `nestling space show`." });
  };
  hold("resolution", architecture.resolution, space.resolutions);
  hold("stem", architecture.stem, space.stem.width);
  if (architecture.stages.length !== space.stages.length) {
    problems.push({
      at: `${at}: stages`,
      got: `${architecture.stages.length} stages`,
      want: `${space.stages.length}`,
      fix: "Write one entry for every stage of the space.",
    });
  }
  architecture.stages.slice(0, space.stages.length).forEach((chosen, i) => {
    const stage = space.stages[i]!;
    hold(`stages[${i}].width`, chosen.width, stage.width);
    hold(`stages[${i}].depth`, chosen.depth, stage.depth);
    for (const [key, list] of [
      ["kernels", stage.kernel],
      ["expands", stage.expand],
    ] as const) {
      const values = chosen[key];
      if (values.length !== chosen.depth) {
        problems.push({
          at: `${at}: stages[${i}].${key}`,
          got: `${values.length} values`,
          want: `${chosen.depth}, one per block`,
          fix: "Make the list as long as the depth.",
        });
      }
      values.forEach((value, block) => hold(`stages[${i}].${key}[${block}]`, value, list));
      if (stage.choicesPer === "stage" && new Set(values).size > 1) {
        problems.push({
          at: `${at}: stages[${i}].${key}`,
          got: values.join(", "),
          want: "equal values, since this stage chooses once for all its blocks",
          fix: 'Make them equal, or set "choicesPer": "block" in the space.',
        });
      }
    }
  });
  if (headWidths(space).length > 0) hold("head", architecture.head, headWidths(space));
  if (space.head.mix) hold("mix", architecture.mix, space.head.mix.width);
  if (problems.length > 0) throw new UserError("space/architecture", problems);
}
