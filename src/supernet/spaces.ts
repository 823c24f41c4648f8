/**
 * Reads spaces: shipped ones by name, others from a file. Reports all mistakes of a file at once, each with its place
 * and fix.
 */
import { basename } from "node:path";
import { checkDocument, readJson, type FileKind } from "../base/document.js";
import { sha256OfJson } from "../base/hash.js";
import { random } from "../base/random.js";
import { UserError } from "../base/user-error.js";
import { parametersOf } from "../graph/graph.js";
import { elementsOf } from "../graph/values.js";
import attentivenas from "../space/shipped/attentivenas.json" with { type: "json" };
import bignas from "../space/shipped/bignas.json" with { type: "json" };
import effnetv2S from "../space/shipped/effnetv2-s.json" with { type: "json" };
import fashion from "../space/shipped/fashion.json" with { type: "json" };
import mnv4ConvS from "../space/shipped/mnv4-conv-s.json" with { type: "json" };
import ofaMbv3 from "../space/shipped/ofa-mbv3.json" with { type: "json" };
import pictures32 from "../space/shipped/pictures-32.json" with { type: "json" };
import pictures64 from "../space/shipped/pictures-64.json" with { type: "json" };
import pictures96 from "../space/shipped/pictures-96.json" with { type: "json" };
import pictures160 from "../space/shipped/pictures-160.json" with { type: "json" };
import pictures224 from "../space/shipped/pictures-224.json" with { type: "json" };
import {
  architectureOf,
  biggest,
  checkArchitecture,
  sample,
  smallest,
  type Architecture,
  type SearchSpace,
} from "../space/space.js";
import { familyOf } from "./families.js";
import { buildSupernet } from "./supernet.js";

const shipped: ReadonlyMap<string, unknown> = new Map(
  [
    ...[fashion, bignas, attentivenas, ofaMbv3, effnetv2S, mnv4ConvS],
    ...[pictures32, pictures64, pictures96, pictures160, pictures224],
  ].map((data) => [data.name, data]),
);

/** Names of the spaces that come with the package. */
export const shippedSpaces: readonly string[] = [...shipped.keys()];

const spaceFile: FileKind = {
  code: "space/invalid",
  fix: "See docs/space-format.md.",
  want: `the name of a shipped space (${shippedSpaces.join(", ")}) or a JSON file`,
  unreadable: { code: "space/unknown", fix: "Start from one: `nestling space show fashion --json > my-space.json`." },
};

const architectureFile: FileKind = {
  code: "space/architecture",
  fix: "See docs/space-format.md.",
  want: "a JSON file with an architecture",
  unreadable: { fix: "Name an id, biggest, smallest, random:SEED, or a file that exists." },
};

/** 1 GiB of float32, ten times the biggest published supernet; gradients and optimiser state come on top. */
const MAX_WEIGHTS = 2 ** 28;

/**
 * Loads a space by its shipped name or from a JSON file, which holds a space or the output of `nestling space show
 * --json`.
 * @throws UserError `space/invalid` listing every mistake, `space/unknown` if it is neither a shipped name nor a file
 */
export async function loadSpace(nameOrPath: string): Promise<SearchSpace> {
  const known = shipped.get(nameOrPath);
  if (known) return parseSpace(known, nameOrPath);
  const data = await readJson(nameOrPath, spaceFile);
  const shown = typeof data === "object" && data !== null && "space" in data;
  return shown ? parseSpace(data.space, `${basename(nameOrPath)}: space`) : parseSpace(data, basename(nameOrPath));
}

/**
 * Validates data as a space.
 * @param at names the data in messages
 * @throws UserError `space/invalid` listing every mistake, `space/family`
 */
export function parseSpace(input: unknown, at: string): SearchSpace {
  const family = familyOf(input, at);
  const data = checkDocument(input, at, { ...spaceFile, schema: family.schema });
  const problems = family.problemsOf(data, at);
  if (problems.length > 0) throw new UserError("space/invalid", problems);
  const { description, $schema, ...meaning } = data;
  const { name, classes, channels, resolutions } = data;
  const space: SearchSpace = {
    ...{ name, family: data.family, classes, channels, resolutions, data },
    ...(description !== undefined && { description }),
    parts: family.partsOf(data),
    hash: sha256OfJson(meaning),
  };
  refuseGiant(space, at);
  return space;
}

/** A graph holds no weights, so even one too big to train is built in milliseconds. */
function refuseGiant(space: SearchSpace, at: string): void {
  const weights = parametersOf(buildSupernet(space).graph).reduce((sum, parameter) => sum + elementsOf(parameter), 0);
  if (weights <= MAX_WEIGHTS) return;
  throw new UserError("space/invalid", {
    at,
    got: `a space of ${weights} weights`,
    want: `at most ${MAX_WEIGHTS}, which is 1 GiB`,
    fix: "Use smaller widths, depths, kernels or expand ratios, or fewer classes.",
  });
}

/**
 * Loads an architecture by the name a user gives it: an id, `biggest`, `smallest`, `random:SEED`, or a JSON file (an
 * architecture, or a certificate that holds one).
 * @throws UserError `space/id`, `space/architecture`
 */
export async function loadArchitecture(space: SearchSpace, name: string): Promise<Architecture> {
  if (name === "biggest") return biggest(space);
  if (name === "smallest") return smallest(space);
  const seed = /^random:(\d+)$/.exec(name)?.[1];
  if (seed !== undefined) return sample(space, random(Number(seed), "architecture"));
  if (!name.endsWith(".json")) return architectureOf(space, name);
  const data = await readJson(name, architectureFile);
  const inner = typeof data === "object" && data !== null && "architecture" in data ? data.architecture : data;
  const schema = familyOf(space.data, space.name).architectureSchema;
  const architecture = checkDocument(inner, basename(name), { ...architectureFile, schema });
  checkArchitecture(space, architecture, basename(name));
  return architecture;
}
