/** Reads spaces: the shipped ones by name, others from a file; all mistakes of a file at once, each with place and fix. */
import { basename } from "node:path";
import { parseJsonFile, problemsOf, readUserFile } from "../base/user-file.js";
import { UserError, type Problem } from "../base/user-error.js";
import attentivenas from "./shipped/attentivenas.json" with { type: "json" };
import bignas from "./shipped/bignas.json" with { type: "json" };
import fashion from "./shipped/fashion.json" with { type: "json" };
import ofaMbv3 from "./shipped/ofa-mbv3.json" with { type: "json" };
import { architectureSchema, spaceSchema, type Architecture, type SearchSpaceData } from "./schema.js";
import {
  architectureOf,
  biggest,
  checkArchitecture,
  sample,
  searchSpace,
  smallest,
  type SearchSpace,
} from "./space.js";
import { random } from "../base/random.js";
import { MAX_WEIGHTS, weightBound } from "./weight-bound.js";

const shipped: ReadonlyMap<string, unknown> = new Map(
  [fashion, bignas, attentivenas, ofaMbv3].map((data) => [data.name, data]),
);

export const shippedSpaces: readonly string[] = [...shipped.keys()];

/**
 * A space by its shipped name or from a JSON file: a space, or what `nestling space show --json` printed, which holds one.
 * @throws UserError `space/invalid` listing every mistake, `space/unknown` when there is neither name nor file.
 */
export async function loadSpace(nameOrPath: string): Promise<SearchSpace> {
  const known = shipped.get(nameOrPath);
  if (known) return parseSpace(known, nameOrPath);
  const text = await readUserFile(nameOrPath, {
    code: "space/unknown",
    want: `the name of a shipped space (${shippedSpaces.join(", ")}) or a JSON file`,
    fix: "Start from one: nestling space show fashion --json > my-space.json",
  });
  const data = parseJsonFile(text, nameOrPath, "space/invalid");
  const shown = typeof data === "object" && data !== null && "space" in data;
  return shown ? parseSpace(data.space, `${basename(nameOrPath)}: space`) : parseSpace(data, basename(nameOrPath));
}

/** Validates data as a space. `at` names it in errors. */
export function parseSpace(data: unknown, at: string): SearchSpace {
  const parsed = spaceSchema.safeParse(data);
  if (!parsed.success)
    throw new UserError("space/invalid", problemsOf(parsed.error, data, at, "See docs/space-format.md."));
  const problems = contradictions(parsed.data, at);
  if (problems.length > 0) throw new UserError("space/invalid", problems);
  return searchSpace(parsed.data);
}

/** What each value allows alone but not together. */
function contradictions(space: SearchSpaceData, at: string): Problem[] {
  const problems: Problem[] = [];
  const hold = (right: boolean, path: string, got: string | number, want: string, fix: string): void => {
    if (!right) problems.push({ at: `${at}: ${path}`, got, want, fix });
  };
  const divisible = (path: string, widths: readonly number[]): void =>
    widths.forEach((width, i) => {
      const low = Math.floor(width / space.divisor) * space.divisor;
      const either = low > 0 ? `Use ${low} or ${low + space.divisor}.` : `Use ${space.divisor}.`;
      hold(width % space.divisor === 0, `${path}[${i}]`, width, `a multiple of ${space.divisor}, the divisor`, either);
    });
  divisible("stem.width", space.stem.width);
  if (Array.isArray(space.head.width)) divisible("head.width", space.head.width);
  if (space.head.mix) divisible("head.mix.width", space.head.mix.width);
  const names = new Set<string>();
  space.stages.forEach((stage, i) => {
    const path = `stages[${i}]`;
    divisible(`${path}.width`, stage.width);
    hold(!names.has(stage.name), `${path}.name`, stage.name, "a name that no other stage has", "Rename it.");
    names.add(stage.name);
    hold(
      stage.expand.length === 1 || !stage.expand.includes(1),
      `${path}.expand`,
      stage.expand.join(", "),
      "1 alone, or ratios above 1",
      "With ratio 1 the block has no expand convolution, so it can't be one of several: remove the 1.",
    );
    hold(
      stage.block === "mbconv" || (stage.expand.length === 1 && stage.expand[0] === 1),
      `${path}.expand`,
      stage.expand.join(", "),
      `1 for the block ${stage.block}`,
      'Leave "expand" out, or use the block mbconv.',
    );
    hold(
      stage.block !== "conv" || !stage.squeezeExcite,
      `${path}.squeezeExcite`,
      "given",
      "none for the block conv",
      "Leave it out, or use the block mbconv or depthwise-separable.",
    );
  });
  const reduction = space.stages.reduce<number>((product, { stride }) => product * stride, space.stem.stride);
  space.resolutions.forEach((resolution, i) =>
    hold(
      resolution >= reduction,
      `resolutions[${i}]`,
      resolution,
      `at least ${reduction}, the product of all strides`,
      "Use a larger resolution or fewer strides.",
    ),
  );
  const weights = Math.round(weightBound(space));
  if (weights > MAX_WEIGHTS) {
    const want = `at most ${MAX_WEIGHTS}, which is 1 GiB`;
    const fix = "Use smaller widths, depths, kernels or expand ratios, or fewer classes.";
    problems.push({ at, got: `a space of about ${weights} weights`, want, fix });
  }
  return problems;
}

/**
 * An architecture by what a user calls it: an id, `biggest`, `smallest`, `random:SEED`, or a JSON file (an architecture, or
 * a certificate that holds one).
 */
export async function loadArchitecture(space: SearchSpace, name: string): Promise<Architecture> {
  if (name === "biggest") return biggest(space);
  if (name === "smallest") return smallest(space);
  const seed = /^random:(\d+)$/.exec(name)?.[1];
  if (seed !== undefined) return sample(space, random(Number(seed), "architecture"));
  if (!name.endsWith(".json")) return architectureOf(space, name);
  const text = await readUserFile(name, {
    code: "space/architecture",
    want: "a JSON file with an architecture",
    fix: "Name an id, biggest, smallest, random:SEED, or a file that exists.",
  });
  const data = parseJsonFile(text, name, "space/architecture");
  const inner = typeof data === "object" && data !== null && "architecture" in data ? data.architecture : data;
  const parsed = architectureSchema.safeParse(inner);
  if (!parsed.success) {
    throw new UserError(
      "space/architecture",
      problemsOf(parsed.error, inner, basename(name), "See docs/space-format.md."),
    );
  }
  checkArchitecture(space, parsed.data, basename(name));
  return parsed.data;
}
