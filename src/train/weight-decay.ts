/** Weight decay as a part of the gradient, so that it goes through clipping and the optimizer like the loss. */
import type { Architecture } from "../space/space.js";
import { biggest } from "../space/space.js";
import { boxesOf, forEachRun, slice, type Box } from "../supernet/slice.js";
import { childrenOf } from "./sandwich.js";
import type { Task } from "./task.js";

/**
 * Adds weight decay to a gradient: w · decay for every decayed weight that the biggest child uses; or, under `regularize: all`,
 * once for each child that uses the weight; children of one group alone count by the group's share of the batch.
 */
export function weightDecay(task: Task): (gradient: Float32Array, weights: Float32Array, step: number) => void {
  const { supernet, layout, recipe } = task;
  const boxesIn = (architecture: Architecture): ReadonlyMap<string, Box> => {
    const setting = supernet.settingOf(architecture);
    return boxesOf(supernet.graph, slice(supernet.graph, setting), setting);
  };
  // Groups that draw children of their own: each counts as its share of the step.
  const draws =
    recipe.sandwich.drawnPer === "group" ? Array.from({ length: task.batch / task.group }, (_, i) => i) : [0];
  const ofBiggest = boxesIn(biggest(supernet.space));
  return (gradient, weights, step) => {
    if (recipe.weightDecay === 0) return;
    const children =
      recipe.regularize === "biggest"
        ? [ofBiggest]
        : draws.flatMap((group) => childrenOf(task, step, group).map(({ architecture }) => boxesIn(architecture)));
    const rate = recipe.regularize === "biggest" ? recipe.weightDecay : recipe.weightDecay / draws.length;
    for (const boxes of children) {
      for (const [name, box] of boxes) {
        const { parameter, offset } = layout.slots.get(name)!;
        if (!parameter.decay) continue;
        forEachRun(box, (from, _, length) => {
          const end = offset + from + length;
          for (let i = offset + from; i < end; i++) gradient[i]! += rate * weights[i]!;
        });
      }
    }
  };
}
