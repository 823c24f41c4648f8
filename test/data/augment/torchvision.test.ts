/** Our functions make of a picture what torchvision's make of it (fixtures/golden/torchvision.json, by test/judges/torchvision_reference.py). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
} from "../../../src/data/augment/adjust.js";
import { operate, operations } from "../../../src/data/augment/automatic.js";
import { autocontrast, equalize, posterize, solarize } from "../../../src/data/augment/levels.js";
import { resizedCrop } from "../../../src/data/augment/random-resized-crop.js";
import type { Picture } from "../../../src/data/pictures/picture.js";

interface Reference {
  readonly width: number;
  readonly height: number;
  readonly pictures: readonly {
    readonly channels: 1 | 3;
    readonly pixels: string;
    readonly functions: readonly { name: string; arguments: readonly unknown[]; result: string }[];
    readonly operations: readonly {
      kind: "trivial-augment" | "rand-augment";
      name: string;
      bin: number;
      negative: boolean;
      result: string;
    }[];
  }[];
}

const { width, height, pictures } = JSON.parse(readFileSync("fixtures/golden/torchvision.json", "utf8")) as Reference;
const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));
const pictureOf = ({ channels, pixels }: Reference["pictures"][number]): Picture => ({
  ...{ width, height, channels },
  pixels: bytes(pixels),
});
const differences = (own: Picture, wanted: string): number[] => {
  const theirs = bytes(wanted);
  expect(own.pixels).toHaveLength(theirs.length);
  return Array.from(own.pixels, (value, i) => Math.abs(value - theirs[i]!));
};

const functions: Record<string, (picture: Picture, ...values: never[]) => Picture> = {
  ...{ adjustBrightness, adjustContrast, adjustSaturation, adjustSharpness, adjustHue },
  ...{ posterize, solarize, autocontrast, equalize, resizedCrop },
};

/** torchvision's hue is of float32, and cuts fractions off where ours rounds. */
const tolerance = (name: string): number => (name === "adjustHue" ? 2 : 1);

for (const reference of pictures) {
  const picture = pictureOf(reference);
  test.each(reference.functions)(
    `$name $arguments, ${reference.channels} channels: as torchvision's, within a step of 255`,
    ({ name, arguments: values, result }) => {
      const own = functions[name]!(picture, ...(values as never[]));
      expect(Math.max(...differences(own, result))).toBeLessThanOrEqual(tolerance(name));
    },
  );
}

/** torchvision's names for the operations. */
const ourName = (name: string): keyof typeof operations => {
  const own = name === "AutoContrast" ? "autocontrast" : name[0]!.toLowerCase() + name.slice(1);
  expect(Object.keys(operations)).toContain(own);
  return own as keyof typeof operations;
};

const colour = pictures.find(({ channels }) => channels === 3)!;

test.each(colour.operations)("$kind: $name at bin $bin, negative $negative, as torchvision's", (row) => {
  const own = operate(pictureOf(colour), ourName(row.name), row);
  const found = differences(own, row.result);
  // Where a place lies between two pixels, float32 and float64 may take one each.
  const geometric = /Shear|Rotate/.test(row.name);
  const others = found.filter((difference) => difference > 1).length / found.length;
  expect(others).toBeLessThanOrEqual(geometric ? 0.01 : 0);
});

test("the operations are torchvision's, all of them", () => {
  const theirs = new Set(colour.operations.map(({ name }) => ourName(name)));
  expect([...theirs].sort()).toEqual(Object.keys(operations).sort());
});
