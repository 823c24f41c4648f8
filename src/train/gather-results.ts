/**
 * Gathers the results of every norm group's children on every rank. Ranks exchange two values per child; they all know
 * its role.
 */
import type { Ranks } from "../ranks/ranks.js";
import { shareOf } from "../ranks/tree.js";
import { childrenOf, type ChildResult } from "./sandwich.js";
import type { Task } from "./task.js";

export interface GroupResult {
  readonly group: number;
  readonly children: readonly ChildResult[];
}

/** @param own the results of this rank's groups */
export function gatherResults(ranks: Ranks, task: Task, step: number, own: readonly GroupResult[]): ChildResult[][] {
  const groups = task.batch / task.group;
  const roles = childrenOf(task, step).map(({ role }) => role);
  const numbers = new Float64Array(groups * roles.length * 2);
  const each = roles.length * 2;
  for (const { group, children } of own) {
    numbers.set(
      children.flatMap(({ loss, correct }) => [loss, correct]),
      group * each,
    );
  }
  const counts = Array.from({ length: ranks.size }, (_, rank) => {
    const { first, end } = shareOf(groups, ranks.size, rank);
    return (end - first) * each;
  });
  ranks.gather(numbers, counts);
  return Array.from({ length: groups }, (_, group) =>
    roles.map((role, child) => {
      const at = group * each + 2 * child;
      return { role, loss: numbers[at]!, correct: numbers[at + 1]! };
    }),
  );
}
