/**
 * A supernet that lives on a device. Weights, gradients and the optimiser's state stay there; masks, resized pictures, soft labels,
 * gradients and the update are made there. Pictures go up as bytes, or all of them once; a child goes up as a small vector, and losses come
 * down. Shapes never change: every child runs in the whole supernet, under its masks.
 */
import type { ElasticGraph, PlainGraph } from "../graph/graph.js";
import type { Layout } from "../graph/layout.js";
import type { Setting } from "../graph/values.js";
import type { HeldPicture } from "./held-pictures.js";

/** How weights follow from gradients, as the recipe's `optimizer` says (docs/recipe.md). */
export type UpdateRule =
  | { readonly kind: "rmsprop"; readonly decay: number; readonly momentum: number; readonly epsilon: number }
  | { readonly kind: "sgd-nesterov"; readonly momentum: number };

/** What stays the same over a run. */
export interface ResidentOptions {
  readonly graph: ElasticGraph;
  /** The same graph at its maximum sizes, as every child runs. */
  readonly whole: PlainGraph<"trained">;
  /** For rounded children: `whole` with its values rounded, and the bits of these and of weights. */
  readonly rounded?: { readonly whole: PlainGraph<"trained">; readonly bits: number };
  readonly layout: Layout;
  /** Images per norm group. */
  readonly group: number;
  readonly classes: number;
  readonly pictures: {
    /** Height = width in pixels. */
    readonly size: number;
    readonly channels: number;
    /** Per channel: an input is byte × scale + shift. */
    readonly scale: readonly number[];
    readonly shift: readonly number[];
  };
  /** [resolution, size]: by this matrix each side of a picture is resized; undefined: it stays as it is. */
  readonly resizing: (resolution: number) => Float32Array | undefined;
  readonly optimizer: UpdateRule;
}

/** What the rounded children of a supernet are. @throws an internal error where none is to be rounded */
export function roundedOf({ rounded }: ResidentOptions): NonNullable<ResidentOptions["rounded"]> {
  if (!rounded) throw new Error("internal: a child is rounded on a device that has no graph for it");
  return rounded;
}

/** The arrays that every step of training changes, each as long as the layout. */
export interface TrainedArrays {
  readonly weights: Float32Array;
  /** A moving average of the weights, which ships instead of them, under the recipe's `averaging`. */
  readonly average: Float32Array | undefined;
  /** The optimiser's state by name (src/train/optimizer.ts). */
  readonly optimizer: ReadonlyMap<string, Float32Array>;
}

/** All of them in a list. */
export const arraysIn = ({ weights, average, optimizer }: TrainedArrays): Float32Array[] => [
  weights,
  ...(average ? [average] : []),
  ...optimizer.values(),
];

/** A part of a picture, in pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A norm group: what all its children learn. */
export interface Lesson {
  /** Bytes that go up, [group, size, size, channels], 0 to 255, shifted and mirrored; or [group] pictures of the set that is there. */
  readonly pictures: Uint8Array | readonly HeldPicture[];
  /** [group] */
  readonly labels: ArrayLike<number>;
  /** [group]: by which right answers are counted. */
  readonly counted: ArrayLike<number>;
  readonly smoothing: number;
  /** The part of each image that becomes 0 once it is normalised, if any does. */
  readonly erased?: readonly (Rectangle | undefined)[];
  /** Each image and its target are mixed with the one before: own · x + (1 − own) · before, or only in a part of the image. */
  readonly mix?: { readonly own: number; readonly part: Rectangle | undefined };
}

/** A child of a norm group. */
export interface ResidentChild {
  readonly setting: Setting;
  /** Whether weights and activations are rounded. */
  readonly isRounded: boolean;
  /** labels: the true ones. teacher: the soft labels of the child that teaches. */
  readonly targets: "labels" | "teacher";
  /** Its soft labels are the next children's. */
  readonly teaches: boolean;
  /** What is dropped before the classifier: a bit for each feature of each image, 1 where it is kept, lowest bit first, rows in whole bytes. */
  readonly dropout?: { readonly kept: Uint8Array; readonly rate: number };
  /** By what its loss is divided for the gradient: the images of the whole step. */
  readonly images: number;
}

/** Weight decay of a child. */
export interface Decay {
  readonly setting: Setting;
  /** The parameters that it uses and that decay. */
  readonly used: ReadonlySet<string>;
  readonly rate: number;
}

export interface Update {
  readonly rate: number;
  /** Largest norm of the gradient; null: no clipping. */
  readonly clipNorm: number | null;
  /** How much of the average is kept, if there is one. */
  readonly averaging: number;
}

/** What comes down after a step. */
export interface ResidentResult {
  /** In the order of the calls of `child`: the sum of the images' losses, and how many of them are right. */
  readonly children: readonly { readonly loss: number; readonly correct: number }[];
  /** Norm of the whole gradient before clipping. */
  readonly gradientNorm: number;
}

/** A step is: for each norm group `teach` and then `child` for its children, `decay`, `update`. */
export interface ResidentSupernet {
  load(arrays: TrainedArrays): void;
  /** Takes a whole set of pictures up, [pictures, size, size, channels], 0 to 255, to stay there at one byte each: lessons may name them. */
  holdPictures(pixels: Uint8Array): void;
  teach(lesson: Lesson): void;
  /** Runs a child forward and backward and adds its gradient. */
  child(child: ResidentChild): void;
  /** Adds rate · w to the gradient of every weight in use. */
  decay(decay: Decay): void;
  /** The gradient so far, as long as the layout: to be summed with other machines', and put back. */
  gradient(): Promise<Float32Array>;
  replaceGradient(sum: Float32Array): void;
  /** Updates all weights; the next gradient starts at zero. */
  update(update: Update): Promise<ResidentResult>;
  arrays(): Promise<TrainedArrays>;
  dispose(): void;
}
