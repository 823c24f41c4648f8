/**
 * Small spaces with every kind of block, shortcut and head, and random points of them, for properties that need many
 * cases.
 */
import fc from "fast-check";
import { random } from "../../src/base/random.js";
import type { Setting } from "../../src/graph/values.js";
import { parseSpace } from "../../src/supernet/spaces.js";
import type { Architecture } from "../../src/space/space.js";
import { idOf, sample } from "../../src/space/space.js";
import { buildSupernet, type Supernet } from "../../src/supernet/supernet.js";

const stem = { width: [4, 8], kernel: 3, stride: 1, activation: "hard-swish" };

/**
 * Every block; shortcuts conv, pooled and none; depths from one; squeeze-and-excite on either base; a two-layer head.
 */
export const tinySupernets: readonly Supernet[] = [
  {
    name: "tiny-mobile",
    classes: 3,
    channels: 3,
    resolutions: [9, 12],
    divisor: 4,
    stem,
    stages: [
      {
        name: "first",
        block: "mbconv",
        width: [4, 8],
        depth: [1, 2, 3],
        kernel: [1, 3, 5],
        expand: [2, 3],
        stride: 1,
        activation: "swish",
        squeezeExcite: { base: "input", ratio: 2, gate: "sigmoid" },
        shortcut: "conv",
        choicesPer: "block",
      },
      {
        name: "second",
        block: "mbconv",
        width: [4, 12],
        depth: [2, 3],
        kernel: [3, 7],
        expand: [1],
        stride: 2,
        activation: "relu6",
        squeezeExcite: { base: "expanded", ratio: 2, divisor: 2 },
        shortcut: "avgpool+conv",
      },
    ],
    head: { width: { expand: 2 }, activation: "swish", mix: { width: [8, 16], activation: "hard-swish" } },
  },
  {
    name: "tiny-plain",
    classes: 3,
    channels: 1,
    resolutions: [8, 11],
    divisor: 4,
    stem: { ...stem, stride: 2, activation: "relu" },
    stages: [
      {
        name: "separable",
        block: "depthwise-separable",
        width: [8, 12],
        depth: [1, 2],
        kernel: [3, 5],
        stride: 1,
        activation: "relu6",
        shortcut: "none",
      },
      {
        name: "full",
        block: "conv",
        width: [8, 16],
        depth: [1, 3],
        kernel: [1, 3, 5],
        stride: 2,
        activation: "relu",
        shortcut: "conv",
        choicesPer: "block",
      },
    ],
    head: { width: [16, 24], activation: "relu" },
  },
  {
    name: "tiny-fused",
    classes: 3,
    channels: 1,
    resolutions: [8, 9],
    divisor: 4,
    stem: { ...stem, activation: "swish" },
    stages: [
      {
        name: "fused",
        block: "fused-mbconv",
        width: [4, 8],
        depth: [1, 2, 3],
        kernel: [1, 3, 5],
        expand: [2, 3],
        stride: 2,
        activation: "swish",
        shortcut: "avgpool+conv",
        choicesPer: "block",
      },
      {
        name: "universal",
        block: "universal-inverted-bottleneck",
        width: [8, 12],
        depth: [1, 2, 3],
        startKernel: [0, 3, 5],
        kernel: [0, 3, 5],
        expand: [2, 3],
        stride: 1,
        activation: "relu6",
        squeezeExcite: { base: "expanded", ratio: 2 },
        shortcut: "conv",
        choicesPer: "block",
      },
      {
        name: "next",
        block: "universal-inverted-bottleneck",
        width: [8, 12],
        depth: [1, 2],
        startKernel: [3, 5],
        kernel: [0],
        expand: [2],
        stride: 2,
        activation: "hard-swish",
        shortcut: "none",
      },
      {
        name: "single",
        block: "fused-mbconv",
        width: [4, 8],
        depth: [1, 2],
        kernel: [3, 5],
        stride: 1,
        activation: "relu",
        shortcut: "conv",
      },
    ],
    head: {
      width: [16, 24],
      activation: "relu",
      mix: { width: [8, 16], activation: "hard-swish", batchNorm: true },
    },
  },
].map((data) => buildSupernet(parseSpace(data, data.name)));

export interface Point {
  readonly supernet: Supernet;
  readonly architecture: Architecture;
  readonly setting: Setting;
  readonly seed: number;
  readonly id: string;
}

/** A point of a tiny space; a failing property prints space, seed and id. */
export const anyPoint: fc.Arbitrary<Point> = fc
  .record({ supernet: fc.constantFrom(...tinySupernets), seed: fc.nat(1e6) })
  .map(({ supernet, seed }) => {
    const architecture = sample(supernet.space, random(seed, "architecture"));
    const id = idOf(supernet.space, architecture);
    return {
      supernet,
      architecture,
      setting: supernet.settingOf(architecture),
      seed,
      id,
      [fc.toStringMethod]: () => `${supernet.space.name}, seed ${seed}, architecture ${id}`,
    };
  });
