/** JSON files with one field wrong or cut off at a random place: spaces, recipes, architectures; and the files of a run, damaged by chance. */
import { readFileSync } from "node:fs";
import { random, type Random } from "../../../src/base/random.js";
import { recipeSchema } from "../../../src/train/recipe.js";
import { trainOn } from "../bad-data.js";
import { right as architecture, tinySpacePath } from "../bad-spaces.js";
import type { BadInput } from "../bad-input.js";
import { finishedSteps, searchArgs, shortly, trainArgs } from "../finished-run.js";
import { cutAnywhere, spoilt, times, withoutSign } from "./damage.js";

type Step = string | number;

/** The ways to every number, word and list in a JSON value. */
function waysIn(value: unknown, way: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== "object" || value === null) return way.length > 0 ? [way] : [];
  const own = Array.isArray(value) ? [way] : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, inner]) =>
      waysIn(inner, [...way, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

const at = (value: unknown, way: readonly Step[]): unknown =>
  way.reduce<unknown>((inner, step) => (inner as Record<Step, unknown>)[step], value);

/** A copy with another value at a place. */
function replaced(value: unknown, way: readonly Step[], other: unknown): unknown {
  const copy: unknown = structuredClone(value);
  const parent = at(copy, way.slice(0, -1)) as Record<Step, unknown>;
  parent[way.at(-1)!] = other;
  return copy;
}

/** Values that are wrong wherever a value of this kind is right. */
function wrongFor(value: unknown): readonly unknown[] {
  if (typeof value === "number") return ["many", -3.5, {}, 1e300];
  if (typeof value === "boolean") return ["yes", 2, []];
  if (typeof value === "string") return [7, {}, null];
  if (Array.isArray(value)) return ["none", {}, null];
  return [{}];
}

const shown = (way: readonly Step[]): string =>
  way.map((step, i) => (typeof step === "number" ? `[${step}]` : i > 0 ? `.${step}` : step)).join("");

/** Every field of a file wrong once, and the file cut off. */
function badFields(
  seed: number,
  file: string,
  value: object,
  args: readonly string[],
  free: readonly string[] = [],
): BadInput[] {
  const text = JSON.stringify(value, null, 2);
  const input = (name: string, content: string | Uint8Array, ...says: (string | RegExp)[]): BadInput => ({
    name: `${file}: ${name}`,
    args,
    says: [file, ...says],
    prepare: ({ write }) => write(file, content),
  });
  const fields = waysIn(value)
    .filter((way) => !free.includes(shown(way)))
    .map((way) => {
      const wrong = random(seed, file, shown(way)).pick(wrongFor(at(value, way)));
      return input(
        `${shown(way)} is ${JSON.stringify(wrong)}`,
        JSON.stringify(replaced(value, way, wrong)),
        "want",
        String(way[0]),
      );
    });
  const cuts = times(3, (i) => {
    const cut = cutAnywhere(Buffer.from(text.trimEnd()), random(seed, file, "cut", i));
    return input(`cut off after ${cut.length} bytes`, cut, "is not JSON");
  });
  return [...fields, ...cuts, input("in Latin-1", Buffer.from('{"name": "ca\u00f1\u00f3n"}', "latin1"), "not UTF-8")];
}

const space = JSON.parse(readFileSync(tinySpacePath, "utf8")) as object;
const recipe = recipeSchema.parse({
  ...{ name: "whole", clipNorm: 1, batch: 32, normGroup: 32, quantization: {} },
  augmentation: {
    randomResizedCrop: {},
    colorJitter: {},
    automatic: { kind: "rand-augment" },
    randomErasing: {},
    mixup: {},
    cutmix: {},
  },
});

export const badDocuments = (seed: number): BadInput[] => [
  ...badFields(seed, "space.json", space, ["space", "check", "space.json"]),
  ...badFields(seed, "recipe.json", recipe, trainOn("fixtures/fashion-mnist", "--recipe", "recipe.json")),
  ...badFields(seed, "arch.json", architecture, ["space", "count", tinySpacePath, "--arch", "arch.json"]),
];

const exported = ["export", "run", "--arch", "smallest", "--out", "a.onnx", ...shortly];
const resumed = [...trainArgs("run"), "--resume"];

/** Files of a run: which commands read each. */
const files: readonly (readonly [file: string, ...commands: (readonly string[])[]])[] = [
  ["checkpoint/checkpoint.json", exported, resumed, searchArgs("run"), ["verify", "run/child.onnx", "--run", "run"]],
  [
    `checkpoint/weights-${finishedSteps}.safetensors`,
    exported,
    searchArgs("run"),
    ["verify", "run/child.onnx", "--run", "run"],
  ],
  [`checkpoint/optimizer-${finishedSteps}.safetensors`, resumed],
  ["data.json", exported, resumed],
  ["search.json", [...searchArgs("run"), "--resume"], ["report", "run"]],
  ["child.json", ["verify", "run/child.onnx"]],
];

const damages: Readonly<Record<string, (bytes: Buffer, draw: Random) => Uint8Array>> = {
  "cut off": (bytes, draw) => cutAnywhere(bytes, draw, 0.99),
  empty: () => new Uint8Array(),
  spoilt: (bytes, draw) => spoilt(bytes, draw),
  "of other bytes": (bytes, draw) => Buffer.from(times(bytes.length, () => draw.integer(256))),
};

/** A file of a run damaged by chance, given to each command that reads it. */
export const badRuns = (seed: number): BadInput[] =>
  files.flatMap(([file, ...commands]) =>
    commands.flatMap((args) =>
      Object.entries(damages).map(([name, damage]): BadInput => ({
        name: `${file} ${name}, for ${args[0]!}`,
        args,
        says: ["run/", /want|Want/],
        async prepare({ copyRun, damage: change }) {
          await copyRun();
          // Where pictures are may be any text, and no seal says which: what divides the file is damaged.
          const applied = file === "data.json" && name === "spoilt" ? withoutSign : damage;
          await change(`run/${file}`, (bytes) => applied(bytes, random(seed, file, name)));
        },
      })),
    ),
  );

/** An .onnx file damaged by chance: what its certificate says of it is no longer true, a failed check; it can't be timed, unless numbers alone changed. */
export const badChildren = (seed: number): BadInput[] =>
  Object.entries(damages).flatMap(([name, damage]): BadInput[] => {
    const prepare: BadInput["prepare"] = async ({ copyRun, damage: change }) => {
      await copyRun();
      await change("run/child.onnx", (bytes) => damage(bytes, random(seed, "onnx", name)));
    };
    const bench = { name: `child.onnx ${name}, for bench`, args: ["bench", "run/child.onnx", ...shortly] };
    return [
      {
        name: `child.onnx ${name}, for verify`,
        args: ["verify", "run/child.onnx", ...shortly],
        says: [],
        prepare,
        status: 1,
      },
      ...(name === "spoilt" ? [] : [{ ...bench, says: ["run/child.onnx"], prepare }]),
    ];
  });
