/** Weight decay as a part of the gradient, so that it goes through clipping and the optimizer like the loss. */
import type { Setting } from "../graph/values.js";
import type { Architecture } from "../space/space.js";
import { biggest } from "../space/space.js";
import { boxesOf, forEachRun, slice, type Box } from "../supernet/slice.js";
import { childrenOf } from "./sandwich.js";
import type { Task } from "./task.js";

/** A child whose weights decay in a step. */
export interface DecayedChild {
  readonly setting: Setting;
  /** What it uses of the parameters that decay, by name. */
  readonly boxes: ReadonlyMap<string, Box>;
  readonly rate: number;
}

/**
 * Whose weights decay in a step: the biggest child's; or, under `regularize: all`, every child's, once for each child that uses a
 * weight; children of one group alone count by the group's share of the batch.
 */
export function decayedChildren(task: Task): (step: number) => readonly DecayedChild[] {
  const { supernet, layout, recipe } = task;
  if (recipe.weightDecay === 0) return () => [];
  const decayed = (architecture: Architecture, rate: number): DecayedChild => {
    const setting = supernet.settingOf(architecture);
    const boxes = boxesOf(supernet.graph, slice(supernet.graph, setting), setting);
    return { setting, boxes: new Map([...boxes].filter(([name]) => layout.slots.get(name)!.parameter.decay)), rate };
  };
  const ofBiggest = [decayed(biggest(supernet.space), recipe.weightDecay)];
  if (recipe.regularize === "biggest") return () => ofBiggest;
  // Groups that draw children of their own: each counts as its share of the step.
  const draws =
    recipe.sandwich.drawnPer === "group" ? Array.from({ length: task.batch / task.group }, (_, i) => i) : [0];
  return (step) =>
    draws.flatMap((group) =>
      childrenOf(task, step, group).map(({ architecture }) => decayed(architecture, recipe.weightDecay / draws.length)),
    );
}

/** Adds weight decay to a gradient: rate · w for every decayed weight in use. */
export function weightDecay(task: Task): (gradient: Float32Array, weights: Float32Array, step: number) => void {
  const { slots } = task.layout;
  const childrenAt = decayedChildren(task);
  return (gradient, weights, step) => {
    for (const { boxes, rate } of childrenAt(step)) {
      for (const [name, box] of boxes) {
        const { offset } = slots.get(name)!;
        forEachRun(box, (from, _, length) => {
          const end = offset + from + length;
          for (let i = offset + from; i < end; i++) gradient[i]! += rate * weights[i]!;
        });
      }
    }
  };
}
