/**
 * The sum of all norm groups' gradients, on every rank the same bits as on one. Each rank sums its complete subtrees; then the vector is
 * cut into one slice a rank: a rank receives its slice of every subtree, adds them in the tree's order, and all gather the finished
 * slices. Bytes that a rank sends, of P numbers over R ranks, where it has s subtrees (1 where groups and ranks are powers of two):
 *
 *   4·P·(R − 1)/R · (s + 1)
 */
import type { Ranks } from "./ranks.js";
import { additionsOf, isInside, shareOf, subtreesOf } from "./tree.js";

/**
 * @param length numbers of a gradient
 * @returns a function from the gradients of the rank's own groups, which it changes, to the sum; valid until its next call
 */
export function summation(
  ranks: Ranks,
  groups: number,
  length: number,
): (parts: readonly Float32Array[]) => Float32Array {
  const { rank, size } = ranks;
  const additions = additionsOf(groups);
  const shares = Array.from({ length: size }, (_, r) => shareOf(groups, size, r));
  const own = shares[rank]!;
  const within = additions.filter((addition) => isInside(addition, own));
  const sumOwn = (parts: readonly Float32Array[]): void => {
    for (const { left, right } of within) add(parts[left - own.first]!, parts[right - own.first]!);
  };
  if (size === 1) {
    return (parts) => {
      sumOwn(parts);
      return parts[0]!;
    };
  }

  const across = additions.filter((addition) => !shares.some((share) => isInside(addition, share)));
  const subtrees = shares.map((share) => subtreesOf(share, additions));
  const slices = Array.from({ length: size }, (_, r) => {
    const { first, end } = shareOf(length, size, r);
    return end - first;
  });
  const none = slices.map(() => 0);
  const { first: start } = shareOf(length, size, rank);
  const mine = slices[rank]!;
  // One exchange for the first subtree of every rank, one for the second of those that have it, …
  const rounds = Array.from({ length: Math.max(...subtrees.map((list) => list.length)) }, (_, round) => {
    const owners = subtrees.flatMap((list, r) => (round < list.length ? [r] : []));
    const into = new Float32Array(owners.length * mine);
    const slots = owners.map((r, i) => [subtrees[r]![round]!, into.subarray(i * mine, (i + 1) * mine)] as const);
    const counts = subtrees.map((list) => (round < list.length ? mine : 0));
    return { sent: subtrees[rank]![round], into, counts, slots };
  });
  const slice = new Map(rounds.flatMap(({ slots }) => slots));
  const total = new Float32Array(length);

  return (parts) => {
    sumOwn(parts);
    for (const { sent, into, counts } of rounds) {
      if (sent === undefined) ranks.exchange(total, none, into, counts);
      else ranks.exchange(parts[sent - own.first]!, slices, into, counts);
    }
    for (const { left, right } of across) add(slice.get(left)!, slice.get(right)!);
    total.set(slice.get(0)!, start);
    ranks.gather(total, slices);
    return total;
  };
}

function add(left: Float32Array, right: Float32Array): void {
  for (let i = 0; i < left.length; i++) left[i]! += right[i]!;
}
