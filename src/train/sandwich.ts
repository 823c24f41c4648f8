/**
 * One norm group of one step: the biggest child on the true labels, then the smallest and random ones on its soft labels, all on
 * the same crops. The result depends only on weights, step and group, so groups run anywhere, in any order.
 */
import { random } from "../base/random.js";
import { drawMix, mainLabels, mixImages, mixTargets, type Mix } from "../data/augment/mix.js";
import { makeBatch } from "../data/make-batch.js";
import { resizeImages } from "../data/resize.js";
import type { Engine } from "../engine/engine.js";
import { nodesOf } from "../graph/graph.js";
import { maximumOf, type Parameter } from "../graph/values.js";
import type { Architecture } from "../space/space.js";
import { biggest, sample, smallest } from "../space/space.js";
import { viewsOf } from "../graph/layout.js";
import { executor } from "./executable.js";
import { crossEntropy, smoothLabels, softmax } from "./loss.js";
import { bitsAt } from "./quantization.js";
import { augmentationKey, type Task } from "./task.js";

/** What a child is in a step of the sandwich rule. */
export type Role = "biggest" | "smallest" | "random";

export interface ChildResult {
  readonly role: Role;
  /** Sum over the group's images. */
  readonly loss: number;
  readonly correct: number;
}

/**
 * The children that a norm group trains in a step, the teacher first.
 * @param group the group's place in the batch; without it, the first
 */
export function childrenOf(
  { supernet, recipe, seed }: Task,
  step: number,
  group = 0,
): { role: Role; architecture: Architecture }[] {
  const { space } = supernet;
  const key = recipe.sandwich.drawnPer === "group" ? [step, group] : [step];
  return [
    { role: "biggest", architecture: biggest(space) },
    ...(recipe.sandwich.smallest ? [{ role: "smallest" as const, architecture: smallest(space) }] : []),
    ...Array.from({ length: recipe.sandwich.random }, (_, i) => ({
      role: "random" as const,
      architecture: sample(space, random(seed, "sandwich", ...key, i)),
    })),
  ];
}

/** One norm group of one step. */
export interface StepGroup {
  readonly step: number;
  readonly epoch: number;
  /** The group's place in its batch. */
  readonly index: number;
  /** Its images. */
  readonly indices: Uint32Array;
  /** [indices, height, width, channels], 0 to 255; empty where a device holds the images. */
  readonly pixels: Uint8Array;
}

/**
 * One of the norm groups that these images of a step make.
 * @param place among these
 * @param first the place of the first of these in the batch
 */
export function groupAt(
  { step, epoch, indices, pixels }: Omit<StepGroup, "index">,
  place: number,
  { group }: Pick<Task, "group">,
  first = 0,
): StepGroup {
  const each = pixels.length / indices.length;
  const [from, to] = [place * group, (place + 1) * group];
  return {
    ...{ step, epoch, index: first + place },
    indices: indices.subarray(from, to),
    pixels: pixels.subarray(from * each, to * each),
  };
}

/** What all children of a group learn from. */
interface Lesson {
  /** [group, size, size, channels] */
  readonly batch: Float32Array;
  /** By which right answers are counted: of two that are mixed, the one with the larger share. */
  readonly labels: readonly number[];
  /** [group, classes], for the children that learn from the true labels. */
  readonly hard: Float32Array;
}

export interface SandwichRunner {
  /** Adds the group's gradient to `gradient`, both as flat as the layout. */
  run(weights: Float32Array, gradient: Float32Array, group: StepGroup): Promise<ChildResult[]>;
  dispose(): void;
}

/** Runs norm groups of a task on one engine. Programs are kept from group to group. */
export function sandwichRunner(engine: Engine, task: Task): SandwichRunner {
  const { supernet, layout, recipe, images, normalization, group } = task;
  const { executableOf, dispose } = executor(engine, task);
  const cropped = ({ indices, pixels, epoch }: StepGroup): Float32Array =>
    makeBatch({ ...images, pixels }, indices, images.height, normalization, {
      ...recipe.augmentation,
      key: augmentationKey(task.seed, epoch),
    });
  const lesson = (stepGroup: StepGroup): Lesson => {
    const { step, index, indices } = stepGroup;
    const labels = Array.from(indices, (at) => images.labels[at]!);
    const hard = smoothLabels(labels, supernet.space.classes, recipe.labelSmoothing);
    const batch = cropped(stepGroup);
    const mix = mixOf(task, step, index);
    if (!mix) return { batch, labels, hard };
    const { width, channels } = images;
    const count = labels.length;
    return {
      batch: mixImages(batch, mix, { count, width, channels }),
      labels: mainLabels(labels, mix),
      hard: mixTargets(hard, mix, count),
    };
  };

  return {
    async run(weights, gradient, stepGroup) {
      const { step, index: groupIndex } = stepGroup;
      const shared = viewsOf(layout, weights);
      const sharedGradients = viewsOf(layout, gradient);
      const { classes } = supernet.space;
      const { batch, labels, hard } = lesson(stepGroup);
      let soft = hard;
      const results: ChildResult[] = [];
      for (const [child, { role, architecture }] of childrenOf(task, step, groupIndex).entries()) {
        const { program, weightsFrom, addGradients } = executableOf(architecture, bitsAt(task, step));
        const { height: from, channels } = images;
        const input = resizeImages(batch, { count: group, from, to: architecture.resolution, channels });
        const effective = weightsFrom(shared);
        const features = effective.get(classifierWeight(task).name)!.length / classes;
        const regularized = role === "biggest" || recipe.regularize === "all";
        const logits = await program.forward(
          effective,
          input,
          regularized ? dropoutFactors(task, features, step, groupIndex, child) : undefined,
        );
        if (role === "biggest" && recipe.distillation === "inplace") soft = softmax(logits, classes);
        const loss = crossEntropy(logits, role === "biggest" ? hard : soft, labels, task.batch);
        addGradients(await program.backward(loss.gradient), sharedGradients);
        results.push({ role, loss: loss.sum, correct: loss.correct });
      }
      return results;
    },
    dispose,
  };
}

/** The weight of the layer that makes the logits: [features, classes]. */
const classifierWeight = ({ supernet }: Task): Parameter => nodesOf(supernet.graph, "dense").at(-1)!.in.weight;

/** How a norm group's images are mixed, if the recipe mixes any. */
export const mixOf = ({ seed, recipe, images }: Task, step: number, group: number): Mix | undefined =>
  drawMix(random(seed, "mix", step, group), recipe.augmentation, images);

/** Whether a child's dropout keeps a feature: [group, features of the supernet], 0 or 1. A slice drops what the masked supernet drops. */
export function keptFeatures(task: Task, step: number, groupIndex: number, child: number): Uint8Array {
  const { recipe, seed, group } = task;
  const draw = random(seed, "dropout", step, groupIndex, child);
  const features = maximumOf(classifierWeight(task).shape[0]!);
  return Uint8Array.from({ length: group * features }, () => (draw.next() < recipe.dropout ? 0 : 1));
}

/** 0 or 1 / (1 − rate) for every feature of the group; undefined if nothing is dropped. */
function dropoutFactors(
  task: Task,
  features: number,
  step: number,
  groupIndex: number,
  child: number,
): Float32Array | undefined {
  const { recipe, group } = task;
  if (recipe.dropout === 0) return undefined;
  const kept = keptFeatures(task, step, groupIndex, child);
  const all = kept.length / group;
  const factors = Float32Array.from(kept, (isKept) => isKept / (1 - recipe.dropout));
  return factors.filter((_, i) => i % all < features);
}
