/** Bad search spaces and architectures. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { BadInput } from "./bad-input.js";

type Stage = Record<string, unknown>;
type Space = Record<string, unknown> & {
  stages: Stage[];
  stem: Record<string, unknown>;
  head: Record<string, unknown>;
};
export const tinySpacePath = resolve("fixtures/spaces/tiny.json");
const tinyText = readFileSync(tinySpacePath, "utf8");
const tiny = (): Space => JSON.parse(tinyText) as Space;

const written = (name: string, text: string, ...says: (string | RegExp)[]): BadInput => ({
  name,
  args: ["space", "check", "space.json"],
  says,
  prepare: ({ write }) => write("space.json", text),
});

/** A space in which one thing is changed. */
const changed = (name: string, change: (space: Space) => void, ...says: (string | RegExp)[]): BadInput => {
  const space = tiny();
  change(space);
  return written(`a space with ${name}`, JSON.stringify(space), ...says);
};

const stage = (name: string, fields: Stage, ...says: (string | RegExp)[]): BadInput =>
  changed(`a stage with ${name}`, ({ stages }) => Object.assign(stages[0]!, fields), ...says);

const asked = (name: string, arch: string, ...says: (string | RegExp)[]): BadInput => ({
  name,
  args: ["space", "count", tinySpacePath, "--arch", arch],
  says,
});

const architecture = (name: string, content: unknown, ...says: (string | RegExp)[]): BadInput => ({
  ...asked(`an architecture ${name}`, "arch.json", ...says),
  prepare: ({ write }) => write("arch.json", typeof content === "string" ? content : JSON.stringify(content)),
});

/** An architecture of the space `tiny`. */
export const right = {
  resolution: 8,
  stem: 4,
  stages: [
    { width: 4, depth: 1, kernels: [3], expands: [2] },
    { width: 8, depth: 1, kernels: [3], expands: [2] },
  ],
  head: 16,
};

export const badSpaces: readonly BadInput[] = [
  {
    name: "a space that is neither name nor file",
    args: ["space", "show", "fashon"],
    says: ["fashon is missing", "shipped space (fashion, bignas", "nestling space show fashion --json"],
  },
  {
    name: "a folder as a space",
    args: ["space", "check", "spaces"],
    says: ["spaces is a folder", "a JSON file"],
    prepare: ({ write }) => write("spaces/a.json", "{}"),
  },
  written("an empty space file", "", "space.json is not JSON", "Fix it"),
  written("a space file cut off", tinyText.slice(0, 300), "space.json is not JSON", "Fix it"),
  written("a list as a space", "[]", "space.json is []; want object", "docs/space-format.md"),
  written("null as a space", "null", "space.json is null; want object"),
  written(
    "a shown space that is broken",
    JSON.stringify({ space: { ...tiny(), classes: 1 } }),
    "space.json: space: classes is 1; want >=2",
  ),
  changed("no name", (space) => delete space["name"], "space.json: name is missing", "docs/space-format.md"),
  changed("a name in capitals", (space) => (space["name"] = "TINY"), 'name is "TINY"', "lower-case letters"),
  changed("an unknown key", (space) => (space["colour"] = 1), "unknown key colour", "Remove it"),
  changed("one class", (space) => (space["classes"] = 1), "classes is 1; want >=2"),
  changed("a billion classes", (space) => (space["classes"] = 1e9), "classes is 1000000000; want <=65536"),
  changed("two channels", (space) => (space["channels"] = 2), "channels is 2; want one of 1, 3"),
  changed("a resolution of 4", (space) => (space["resolutions"] = [4]), "resolutions[0] is 4; want >=8"),
  changed(
    "a resolution of a million",
    (space) => (space["resolutions"] = [8, 1e6]),
    "resolutions[1] is 1000000; want <=1024",
  ),
  changed(
    "more strides than pixels",
    (space) => {
      space.stages = Array.from({ length: 5 }, (_, i) => ({ ...space.stages[0], name: `s${i}`, stride: 2 }));
    },
    "resolutions[0] is 8; want at least 32, the product of all strides",
  ),
  changed("no stages", (space) => (space.stages = []), "stages is []; want >=1 items"),
  changed("two stages of one name", ({ stages }) => (stages[1]!["name"] = "mb1"), "stages[1].name is mb1", "Rename it"),
  changed("a stem of width 0", ({ stem }) => (stem["width"] = [0]), "stem.width[0] is 0; want >=1"),
  changed("a divisor of 0", (space) => (space["divisor"] = 0), "divisor is 0; want >=1"),
  changed("a head that is text", ({ head }) => (head["width"] = "wide"), 'head.width is "wide"'),
  changed(
    "more weights than memory",
    ({ stages, head }) => {
      stages[1]!["width"] = [16_384];
      stages[1]!["expand"] = [32];
      head["width"] = [16_384];
    },
    /space\.json is a space of \d+ weights; want at most 268435456/,
    "Use smaller widths",
  ),
  changed(
    "three mistakes",
    (space) => {
      space["classes"] = 1;
      space.stages[0]!["kernel"] = [4];
      space.stages[1]!["depth"] = [];
    },
    "classes is 1",
    "stages[0].kernel[0] is 4; want an odd kernel size",
    "stages[1].depth is []",
  ),
  stage(
    "a width beside the divisor",
    { width: [4, 37] },
    "stages[0].width[1] is 37; want a multiple of 4",
    "Use 36 or 40",
  ),
  stage("falling widths", { width: [8, 4] }, "stages[0].width is [8,4]; want choices in increasing order"),
  stage("a width twice", { width: [8, 8] }, "stages[0].width", "increasing order, each once"),
  stage("a negative width", { width: [-8] }, "stages[0].width[0] is -8; want >=1"),
  stage("half a channel", { width: [4.5] }, "stages[0].width[0] is 4.5; want int"),
  stage("a width in words", { width: ["8"] }, 'stages[0].width[0] is "8"; want number'),
  stage("a billion channels", { width: [1_000_000_000] }, "stages[0].width[0] is 1000000000; want <=16384"),
  stage("a million blocks", { depth: [1_000_000] }, "stages[0].depth[0] is 1000000; want <=64"),
  stage("an even kernel", { kernel: [3, 4] }, "stages[0].kernel[1] is 4; want an odd kernel size"),
  stage("a kernel of 99", { kernel: [99] }, "stages[0].kernel[0] is 99; want <=15"),
  stage("ratio 1 among others", { expand: [1, 3] }, "stages[0].expand is 1, 3", "remove the 1"),
  stage("an expand ratio of a thousand", { expand: [1000] }, "stages[0].expand[0] is 1000; want <=32"),
  stage("expand in a block without it", { block: "conv" }, "stages[0].expand is 2, 3; want 1 for the block conv"),
  stage(
    "squeeze-and-excite in a conv block",
    { block: "conv", expand: [1], squeezeExcite: { base: "input" } },
    "stages[0].squeezeExcite is given; want none for the block conv",
  ),
  stage("an unknown block", { block: "mbcnov" }, 'stages[0].block is "mbcnov"; want one of "mbconv"'),
  stage("an unknown activation", { activation: "gelu" }, 'stages[0].activation is "gelu"; want one of "relu"'),
  stage("an unknown shortcut", { shortcut: "pool" }, 'stages[0].shortcut is "pool"; want one of "none"'),
  stage("a stride of 3", { stride: 3 }, "stages[0].stride is 3; want one of 1, 2"),
  asked("an id beyond the space", "zzzzzzzzz", 'architecture id is "zzzzzzzzz"; want an id of the space tiny, at most'),
  asked("an id in capitals", "1A", 'architecture id is "1A"', "take one from `nestling search`"),
  asked("an empty id", "", 'architecture id is ""'),
  asked("a seed that is no number", "random:x", 'architecture id is "random:x"', "random:SEED"),
  asked("an architecture's file that is not there", "arch.json", "arch.json is missing", "a file that exists"),
  architecture("that is not JSON", "{", "arch.json is not JSON"),
  architecture("without stages", { resolution: 8, stem: 4 }, "arch.json: stages is missing"),
  architecture(
    "of too few stages",
    { ...right, stages: right.stages.slice(1) },
    "arch.json: stages is 1 stages; want 2",
  ),
  architecture("at another resolution", { ...right, resolution: 9 }, "arch.json: resolution is 9; want one of 8, 12"),
  architecture("without a head", { ...right, head: undefined }, "arch.json: head is missing; want one of 16, 24"),
  architecture(
    "with more kernels than blocks",
    { ...right, stages: [{ ...right.stages[0], kernels: [3, 3] }, right.stages[1]] },
    "arch.json: stages[0].kernels is 2 values; want 1, one per block",
  ),
];
