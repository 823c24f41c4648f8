/**
 * Each image of a norm group is mixed with the one before it, by one λ for the group: mixup adds them (Zhang et al. 2017, arXiv 1710.09412),
 * cutmix pastes a rectangle (Yun et al. 2019, arXiv 1905.04899); as torchvision's MixUp and CutMix. With both, each is drawn half of the
 * time. Targets become λ · own + (1 − λ) · partner's.
 */
import { z } from "zod";
import type { Random } from "../../base/random.js";
import type { Part, Size } from "../pictures/pillow-resize.js";
import { beta } from "./draw.js";

const alpha = z
  .number()
  .positive()
  .max(100)
  .default(1)
  .describe("λ is drawn from Beta(α, α): small values keep most images nearly whole.");

export const mixupSchema = z.strictObject({ alpha }).describe("Mixes pairs of images and their labels (MixUp).");
export const cutmixSchema = z
  .strictObject({ alpha })
  .describe("Pastes a rectangle of another image, and mixes their labels by area (CutMix).");

export interface MixOptions {
  readonly mixup?: { readonly alpha: number } | undefined;
  readonly cutmix?: { readonly alpha: number } | undefined;
}

/** How a group is mixed. */
export interface Mix {
  /** Share of an image's own label. */
  readonly own: number;
  /** The rectangle that is the partner's; undefined: all is added. */
  readonly part: Part | undefined;
}

/** @returns undefined if the options mix nothing */
export function drawMix(draw: Random, { mixup, cutmix }: MixOptions, { width, height }: Size): Mix | undefined {
  const kinds = [...(mixup ? [{ ...mixup, cuts: false }] : []), ...(cutmix ? [{ ...cutmix, cuts: true }] : [])];
  if (kinds.length === 0) return undefined;
  const { alpha, cuts } = draw.pick(kinds);
  const own = beta(draw, alpha);
  if (!cuts) return { own, part: undefined };
  const [x, y] = [draw.integer(width), draw.integer(height)];
  const half = 0.5 * Math.sqrt(1 - own);
  const [halfWidth, halfHeight] = [Math.trunc(half * width), Math.trunc(half * height)];
  const [left, right] = [Math.max(0, x - halfWidth), Math.min(width, x + halfWidth)];
  const [top, bottom] = [Math.max(0, y - halfHeight), Math.min(height, y + halfHeight)];
  const part = { left, top, width: right - left, height: bottom - top };
  return { own: 1 - (part.width * part.height) / (width * height), part };
}

/** The place of the image that one is mixed with: torch.roll by 1. */
export const partnerOf = (place: number, count: number): number => (place + count - 1) % count;

/** @param images [count, height, width, channels] */
export function mixImages(
  images: Float32Array,
  { own, part }: Mix,
  { count, width, channels }: { readonly count: number; readonly width: number; readonly channels: number },
): Float32Array {
  const mixed = images.slice();
  const floats = images.length / count;
  for (let place = 0; place < count; place++) {
    const [to, from] = [place * floats, partnerOf(place, count) * floats];
    if (part === undefined) {
      for (let i = 0; i < floats; i++) mixed[to + i] = own * images[to + i]! + (1 - own) * images[from + i]!;
      continue;
    }
    for (let y = part.top; y < part.top + part.height; y++) {
      const start = (y * width + part.left) * channels;
      const end = start + part.width * channels;
      mixed.set(images.subarray(from + start, from + end), to + start);
    }
  }
  return mixed;
}

/** @param targets [count, classes] */
export function mixTargets(targets: Float32Array, { own }: Mix, count: number): Float32Array {
  const classes = targets.length / count;
  return targets.map((target, at) => {
    const place = Math.trunc(at / classes);
    return own * target + (1 - own) * targets[partnerOf(place, count) * classes + (at % classes)]!;
  });
}

/** The label of the larger share of each image. */
export const mainLabels = (labels: readonly number[], { own }: Mix): number[] =>
  labels.map((label, place) => (own >= 0.5 ? label : labels[partnerOf(place, labels.length)]!));
