/**
 * Random operations of random or given strength, with torchvision's tables: TrivialAugmentWide (Müller and Hutter 2021, arXiv 2103.10158)
 * and RandAugment (Cubuk et al. 2019, arXiv 1909.13719). A strength is one of 31 bins; a signed one is negative half of the time.
 */
import { z } from "zod";
import type { Random } from "../../base/random.js";
import type { Picture } from "../pictures/picture.js";
import { adjustBrightness, adjustContrast, adjustSaturation, adjustSharpness } from "./adjust.js";
import { affine } from "./affine.js";
import { autocontrast, equalize, posterize, solarize } from "./levels.js";

const BINS = 31;

export const automaticSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("trivial-augment") }),
    z.strictObject({
      kind: z.literal("rand-augment"),
      operations: z.number().int().min(1).max(14).default(2).describe("Operations, one after the other."),
      magnitude: z
        .number()
        .int()
        .min(0)
        .max(BINS - 1)
        .default(9)
        .describe("Strength of each."),
    }),
  ])
  .describe("trivial-augment: one operation of random strength (TrivialAugmentWide). rand-augment: several of one.");

/** The largest strengths of a policy. */
interface Policy {
  /** Tangent of the angle. */
  readonly shear: number;
  /** In pixels, for a side of the picture. */
  readonly shift: (side: number) => number;
  /** In degrees. */
  readonly rotation: number;
  /** Distance of a factor from 1. */
  readonly factor: number;
  /** Bits that are dropped. */
  readonly bits: number;
}

const trivial: Policy = { shear: 0.99, shift: () => 32, rotation: 135, factor: 0.99, bits: 6 };
const rand: Policy = { shear: 0.3, shift: (side) => (150 / 331) * side, rotation: 30, factor: 0.9, bits: 4 };

/** An operation at a share of its largest strength, −1 to 1; where it has no sign, 0 to 1. */
interface Operation {
  readonly signed: boolean;
  readonly apply: (picture: Picture, share: number, policy: Policy) => Picture;
}

const signed = (apply: Operation["apply"]): Operation => ({ signed: true, apply });
const unsigned = (apply: Operation["apply"]): Operation => ({ signed: false, apply });
const blended = (adjust: (picture: Picture, factor: number) => Picture): Operation =>
  signed((picture, share, { factor }) => adjust(picture, 1 + share * factor));

/** torchvision's table, in its order. */
export const operations = {
  identity: unsigned((picture) => picture),
  shearX: signed((picture, share, { shear }) => affine(picture, { shear: [share * shear, 0], centre: [0, 0] })),
  shearY: signed((picture, share, { shear }) => affine(picture, { shear: [0, share * shear], centre: [0, 0] })),
  translateX: signed((picture, share, { shift }) =>
    affine(picture, { shift: [Math.trunc(share * shift(picture.width)), 0] }),
  ),
  translateY: signed((picture, share, { shift }) =>
    affine(picture, { shift: [0, Math.trunc(share * shift(picture.height))] }),
  ),
  rotate: signed((picture, share, { rotation }) => affine(picture, { angle: -share * rotation })),
  brightness: blended(adjustBrightness),
  color: blended(adjustSaturation),
  contrast: blended(adjustContrast),
  sharpness: blended(adjustSharpness),
  posterize: unsigned((picture, share, { bits }) => posterize(picture, 8 - Math.round(share * bits))),
  solarize: unsigned((picture, share) => solarize(picture, 255 * (1 - share))),
  autocontrast: unsigned(autocontrast),
  equalize: unsigned(equalize),
} satisfies Record<string, Operation>;

/** An operation by name, at a bin of its strength. */
export function operate(
  picture: Picture,
  name: keyof typeof operations,
  { bin, negative, kind }: { bin: number; negative: boolean; kind: "trivial-augment" | "rand-augment" },
): Picture {
  const { signed: hasSign, apply } = operations[name];
  const share = bin / (BINS - 1);
  return apply(picture, hasSign && negative ? -share : share, kind === "trivial-augment" ? trivial : rand);
}

const names = Object.keys(operations) as (keyof typeof operations)[];

export function automatic(picture: Picture, options: z.output<typeof automaticSchema>, draw: Random): Picture {
  const { kind } = options;
  const count = kind === "rand-augment" ? options.operations : 1;
  let changed = picture;
  for (let i = 0; i < count; i++) {
    const name = draw.pick(names);
    const bin = kind === "rand-augment" ? options.magnitude : draw.integer(BINS);
    changed = operate(changed, name, { bin, negative: draw.next() < 0.5, kind });
  }
  return changed;
}
