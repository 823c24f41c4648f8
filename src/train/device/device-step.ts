/** The norm groups of a step on a supernet that lives on a device: what src/train/sandwich.ts does where weights lie in memory. */
import { changedPixels, erasedParts, movements } from "../../data/make-batch.js";
import { mainLabels } from "../../data/augment/mix.js";
import { scaleAndShift } from "../../data/preprocessing.js";
import { resizeMatrix } from "../../data/resize.js";
import type { Engine } from "../../engine/engine.js";
import type { Lesson, ResidentResult, ResidentSupernet } from "../../engine/resident.js";
import { fakeQuantized } from "../../supernet/fake-quantize.js";
import { atMaximum } from "../../supernet/mask.js";
import { keptShare } from "../average.js";
import type { GroupResult } from "../gather-results.js";
import { bitsAt } from "../quantization.js";
import { childrenOf, groupAt, keptFeatures, mixOf, type Role, type StepGroup } from "../sandwich.js";
import { augmentationKey, type Task } from "../task.js";
import { decayedChildren } from "../weight-decay.js";

/** @throws an internal error where the engine has no device */
export function residentOf(engine: Engine, task: Task): ResidentSupernet {
  const { supernet, layout, images, normalization, group, recipe, rounded } = task;
  if (!engine.resident) throw new Error(`internal: engine ${engine.name} has no device`);
  const { height: size, channels } = images;
  return engine.resident({
    ...{ graph: supernet.graph, whole: atMaximum(supernet.graph), layout, group },
    ...(rounded && {
      rounded: { whole: atMaximum(fakeQuantized(supernet.graph, rounded.bits)), bits: rounded.bits },
    }),
    classes: supernet.space.classes,
    pictures: { size, channels, ...scaleAndShift(normalization) },
    resizing: (resolution) => (resolution === size ? undefined : resizeMatrix(size, resolution)),
    optimizer: recipe.optimizer,
  });
}

/** A norm group whose results are still on the device. */
interface Ran {
  readonly group: number;
  readonly roles: readonly Role[];
}

export interface DeviceSteps {
  /**
   * Adds the gradients of the children of all norm groups of these images.
   * @param images with no pixels where the device holds the set
   * @param first the place of the first group in the batch
   */
  run(images: Omit<StepGroup, "index">, first?: number): void;
  /** Adds weight decay and updates all weights. @returns results of the groups that ran, in their order */
  update(step: number, rate: number): Promise<{ groups: GroupResult[]; gradientNorm: number }>;
}

/** @param isHeld whether the device holds the training images, so that steps need no pixels */
export function deviceSteps(resident: ResidentSupernet, task: Task, isHeld = false): DeviceSteps {
  const { supernet, recipe, images, batch, group } = task;
  const decayedAt = decayedChildren(task);
  /** Groups that ran since the last update. */
  let ran: Ran[] = [];

  const lessonOf = ({ step, epoch, index, indices, pixels }: StepGroup): Lesson => {
    const augmentation = { ...recipe.augmentation, key: augmentationKey(task.seed, epoch) };
    const labels = Array.from(indices, (at) => images.labels[at]!);
    const erased = erasedParts(images.height, indices, augmentation);
    const mix = mixOf(task, step, index);
    return {
      pictures: isHeld
        ? movements(indices, augmentation).map((movement, place) => ({ index: indices[place]!, ...movement }))
        : changedPixels({ ...images, pixels }, indices, augmentation),
      labels,
      counted: mix ? mainLabels(labels, mix) : labels,
      smoothing: recipe.labelSmoothing,
      ...(erased && { erased }),
      ...(mix && { mix }),
    };
  };

  const runGroup = (stepGroup: StepGroup): void => {
    const { step, index } = stepGroup;
    const isTaught = recipe.distillation === "inplace";
    const children = childrenOf(task, step, index);
    resident.teach(lessonOf(stepGroup));
    for (const [child, { role, architecture }] of children.entries()) {
      const isBiggest = role === "biggest";
      const isDropped = recipe.dropout > 0 && (isBiggest || recipe.regularize === "all");
      resident.child({
        setting: supernet.settingOf(architecture),
        isRounded: bitsAt(task, step) !== undefined,
        targets: isBiggest || !isTaught ? "labels" : "teacher",
        teaches: isBiggest && isTaught,
        images: batch,
        ...(isDropped && {
          dropout: { kept: packBits(keptFeatures(task, step, index, child), group), rate: recipe.dropout },
        }),
      });
    }
    ran.push({ group: index, roles: children.map(({ role }) => role) });
  };

  return {
    run(given, first = 0) {
      const groups = given.indices.length / group;
      for (let place = 0; place < groups; place++) runGroup(groupAt(given, place, task, first));
    },
    async update(step, rate) {
      for (const { setting, boxes, rate: decay } of decayedAt(step)) {
        resident.decay({ setting, used: new Set(boxes.keys()), rate: decay });
      }
      const { clipNorm, averaging } = recipe;
      const result = await resident.update({ rate, clipNorm, averaging: keptShare(averaging, step) });
      const groups = byGroup(ran, result);
      ran = [];
      return { groups, gradientNorm: result.gradientNorm };
    },
  };
}

/** The results of each group's children. */
function byGroup(ran: readonly Ran[], { children }: ResidentResult): GroupResult[] {
  let next = 0;
  return ran.map(({ group, roles }) => ({
    group,
    children: roles.map((role) => ({ role, ...children[next++]! })),
  }));
}

/** A bit for each number that isn't 0, the lowest of a byte first; each row in whole bytes. */
function packBits(flags: Uint8Array, rows: number): Uint8Array {
  const columns = flags.length / rows;
  const bytes = Math.ceil(columns / 8);
  const packed = new Uint8Array(rows * bytes);
  flags.forEach((flag, at) => {
    const [row, column] = [Math.trunc(at / columns), at % columns];
    if (flag) packed[row * bytes + (column >> 3)]! |= 1 << (column & 7);
  });
  return packed;
}
