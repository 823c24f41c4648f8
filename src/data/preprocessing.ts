/**
 * The one definition of how a picture becomes a model's input. Every judgement prepares pictures by it, and every file that ships says it
 * in the words of Hugging Face's preprocessor_config.json, for its own resolution. Pillow does the same, within a step of 255:
 *
 *   shorter side → edge (the other: int(edge · longer / shorter)), bilinear or bicubic, antialiased; the middle resolution² pixels;
 *   (pixel / 255 − mean) / deviation
 *
 * where edge is the resolution, or more where a recipe's `evaluation` keeps a smaller share of the picture.
 *
 * Decoding and colour are in decode-picture.ts.
 */
import { z } from "zod";
import { sha256OfJson } from "../base/hash.js";
import { resizePart, type Size } from "./pictures/pillow-resize.js";
import type { Picture } from "./pictures/picture.js";

/** What decoding does, for those who do it with other tools. */
const decoding = {
  orientation: "EXIF orientation is applied: PIL.ImageOps.exif_transpose",
  frames: "the first of several",
  bits: "of 16 bits the high byte",
  profile: "colour profiles are ignored",
  alpha: "dropped: the colour under it stays, as PIL.Image.convert leaves it",
  cmyk: "as PIL.Image.convert: R = (255 - C) (255 - K) / 255",
  grey: "as PIL.Image.convert('L'): L = (19595 R + 38470 G + 7471 B + 32768) >> 16, ITU-R BT.601",
} as const;

const side = z.number().int().positive();
const perChannel = z.array(z.number()).min(1).max(3);

export const preprocessingSchema = z
  .strictObject({
    channels: z.union([z.literal(1), z.literal(3)]),
    color_mode: z.enum(["L", "RGB"]).describe("Pillow's mode that a picture is converted to."),
    do_convert_rgb: z.boolean(),
    decoding: z.record(z.string(), z.string()).describe("How files become pixels, in words."),
    do_resize: z.literal(true),
    size: z.strictObject({ shortest_edge: side }),
    resample: z
      .union([z.literal(2), z.literal(3)])
      .describe("2: PIL's bilinear; 3: PIL's bicubic. Both are antialiased."),
    do_center_crop: z.literal(true),
    crop_size: z.strictObject({ height: side, width: side }),
    do_rescale: z.literal(true),
    rescale_factor: z.number(),
    do_normalize: z.literal(true),
    image_mean: perChannel,
    image_std: perChannel,
  })
  .describe("How a picture becomes pixel_values, in the terms of Hugging Face's preprocessor_config.json.");

/** How a picture becomes `pixel_values`, in the terms of Hugging Face's preprocessor_config.json. */
export type Preprocessing = z.output<typeof preprocessingSchema>;

export const evaluationSchema = z
  .strictObject({
    cropShare: z
      .number()
      .min(0.5)
      .max(1)
      .default(1)
      .describe(
        "Side of the middle square that is kept, as a share of the shorter side; ImageNet's usual one is 0.875.",
      ),
    interpolation: z.enum(["bilinear", "bicubic"]).default("bilinear").describe("Both antialiased, as Pillow's are."),
  })
  .describe("What judgements see of a picture, and the files that ship.");

/** What judgements see of a picture. */
export type Evaluation = z.output<typeof evaluationSchema>;

/** All of the middle square. */
const wholeSquare: Evaluation = { cropShare: 1, interpolation: "bilinear" };

/** Pillow's numbers. */
const resampling = { bilinear: 2, bicubic: 3 } as const;

/** Mean and deviation, per channel, of pixel / 255. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What the shorter side is resized to. */
const edgeOf = (resolution: number, { cropShare }: Evaluation): number => Math.round(resolution / cropShare);

/** What the pixels of a resolution depend on beside the picture; evaluations that give the same pixels have the same name. */
export const squareName = (resolution: number, evaluation = wholeSquare): string => {
  const edge = edgeOf(resolution, evaluation);
  const { interpolation } = evaluation;
  return edge === resolution && interpolation === "bilinear"
    ? `${resolution}`
    : `${resolution}-of-${edge}-${interpolation}`;
};

/** The evaluation that a file's words mean. */
export const evaluationOf = ({ size, crop_size, resample }: Preprocessing): Evaluation => ({
  cropShare: crop_size.height / size.shortest_edge,
  interpolation: resample === resampling.bicubic ? "bicubic" : "bilinear",
});

/** What a file of a resolution says of its input. */
export const preprocessingAt = (
  resolution: number,
  channels: 1 | 3,
  { mean, std }: Normalization,
  evaluation = wholeSquare,
): Preprocessing => ({
  channels,
  color_mode: channels === 1 ? "L" : "RGB",
  do_convert_rgb: channels === 3,
  decoding,
  do_resize: true,
  size: { shortest_edge: edgeOf(resolution, evaluation) },
  resample: resampling[evaluation.interpolation],
  do_center_crop: true,
  crop_size: { height: resolution, width: resolution },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [...mean],
  image_std: [...std],
});

/** To be raised where the same picture gives other pixels by the same words: a decoder that was wrong, for example. */
const REVISION = 2;

/** The hash names everything that pixels depend on beside the picture and the square: what was read under another one is read again. */
export const rulesHash = (channels: 1 | 3): string =>
  sha256OfJson([REVISION, preprocessingAt(224, channels, { mean: [0], std: [1] })]);

/**
 * The pixels of a resolution: [resolution, resolution, channels].
 * @param into where they go
 */
export function prepare(picture: Picture, resolution: number, evaluation = wholeSquare, into?: Uint8Array): Uint8Array {
  const { width, height, pixels } = picture;
  const edge = edgeOf(resolution, evaluation);
  if (width === resolution && height === resolution && edge === resolution) {
    into?.set(pixels);
    return into ?? pixels;
  }
  const longer = Math.trunc((edge * Math.max(width, height)) / Math.min(width, height));
  const size: Size = width <= height ? { width: edge, height: longer } : { width: longer, height: edge };
  const middle = {
    left: Math.floor((size.width - resolution) / 2),
    top: Math.floor((size.height - resolution) / 2),
    width: resolution,
    height: resolution,
  };
  if (evaluation.interpolation === "bicubic" && isHeightFirst(picture, size)) {
    const low = { width, height: resolution };
    const rows = resizePart(picture, { width, height: size.height }, { ...low, left: 0, top: middle.top }, "bicubic");
    return resizePart(
      { ...picture, ...low, pixels: rows },
      { ...size, height: resolution },
      { ...middle, top: 0 },
      "bicubic",
      undefined,
      into,
    );
  }
  return resizePart(picture, size, middle, evaluation.interpolation, undefined, into);
}

/** Whether Pillow 13 resizes height before width: cubics that overshoot are cut in between, so the order matters by more than a step. */
const isHeightFirst = (from: Size, to: Size): boolean =>
  from.height > to.height && from.height - to.height > 2 * (from.width - to.width);

/** Pixels of any number of images as a model takes them: (pixel / 255 − mean) / deviation. */
export function normalize(pixels: Uint8Array, normalization: Normalization): Float32Array {
  const { scale, shift } = scaleAndShift(normalization);
  const channels = scale.length;
  const floats = new Float32Array(pixels.length);
  for (let c = 0; c < channels; c++) {
    // A byte has 256 values: looked up, they cost less than computed.
    const values = Float32Array.from({ length: 256 }, (_, pixel) => pixel * scale[c]! + shift[c]!);
    for (let i = c; i < pixels.length; i += channels) floats[i] = values[pixels[i]!]!;
  }
  return floats;
}

/** Per channel: an input is pixel × scale + shift. */
export const scaleAndShift = ({ mean, std }: Normalization): { scale: number[]; shift: number[] } => ({
  scale: std.map((deviation) => 1 / (255 * deviation)),
  shift: std.map((deviation, c) => -mean[c]! / deviation),
});
