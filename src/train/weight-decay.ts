/** Weight decay as a part of the gradient, so that it goes through clipping and the optimizer like the loss. */
import type { Architecture } from "../space/space.js";
import { biggest } from "../space/space.js";
import { boxesOf, forEachRun, slice, type Box } from "../supernet/slice.js";
import { childrenOf } from "./sandwich.js";
import type { Task } from "./task.js";

/**
 * Adds weight decay to a gradient: w · decay for every decayed weight that the biggest child uses; or, under `regularize: all`,
 * once for each child that uses the weight.
 */
export function weightDecay(task: Task): (gradient: Float32Array, weights: Float32Array, step: number) => void {
  const { supernet, layout, recipe } = task;
  const boxesIn = (architecture: Architecture): ReadonlyMap<string, Box> => {
    const setting = supernet.settingOf(architecture);
    return boxesOf(supernet.graph, slice(supernet.graph, setting), setting);
  };
  const ofBiggest = boxesIn(biggest(supernet.space));
  return (gradient, weights, step) => {
    const rate = recipe.weightDecay;
    if (rate === 0) return;
    const children =
      recipe.regularize === "biggest"
        ? [ofBiggest]
        : childrenOf(task, step).map(({ architecture }) => boxesIn(architecture));
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
