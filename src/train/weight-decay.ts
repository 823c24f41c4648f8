/** Weight decay as a part of the gradient, so that it passes through clipping and the optimizer as the loss does. */
import { boxOf, forEachRun } from "../supernet/slice.js";
import { childrenOf, type Task } from "./sandwich.js";

/**
 * Adds weight decay to a gradient: w · decay for every decayed weight, once for the biggest child, which has them all; or, under
 * `regularize: all`, once for each child that uses the weight.
 */
export function weightDecay(task: Task): (gradient: Float32Array, weights: Float32Array, step: number) => void {
  const { supernet, layout, recipe } = task;
  return (gradient, weights, step) => {
    if (recipe.weightDecay === 0) return;
    const children = recipe.regularize === "all" ? childrenOf(task, step) : childrenOf(task, step).slice(0, 1);
    for (const { architecture } of children) {
      const setting = supernet.settingOf(architecture);
      for (const { parameter, offset } of layout.slots.values()) {
        if (!parameter.decay) continue;
        forEachRun(boxOf(parameter, setting), (from, _, length) => {
          for (let i = offset + from; i < offset + from + length; i++) gradient[i]! += recipe.weightDecay * weights[i]!;
        });
      }
    }
  };
}
