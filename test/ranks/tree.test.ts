/** Ranks and their norm groups: every group has one owner, and what the owners can't add alone is what is left of the tree. */
import { expect, test } from "vitest";
import { additionsOf, isInside, shareOf, subtreesOf } from "../../src/ranks/tree.js";

test("six leaves are added (0 + 1) + (2 + 3), then 4 + 5", () => {
  expect(additionsOf(6)).toEqual([
    { left: 0, right: 1, end: 2 },
    { left: 2, right: 3, end: 4 },
    { left: 4, right: 5, end: 6 },
    { left: 0, right: 2, end: 4 },
    { left: 0, right: 4, end: 6 },
  ]);
});

test("each rank of a power of two sums one subtree, where the groups are one too", () => {
  const additions = additionsOf(64);
  for (const size of [1, 2, 4, 8, 64]) {
    for (let rank = 0; rank < size; rank++) {
      const share = shareOf(64, size, rank);
      expect(subtreesOf(share, additions)).toEqual([share.first]);
    }
  }
});

test("for any counts, the ranks' subtrees and the additions between them make the whole tree", () => {
  for (let groups = 1; groups <= 40; groups++) {
    const additions = additionsOf(groups);
    expect(additions).toHaveLength(groups - 1);
    for (let size = 1; size <= 20; size++) {
      const shares = Array.from({ length: size }, (_, rank) => shareOf(groups, size, rank));
      const leaves = shares.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i));
      expect(leaves).toEqual(Array.from({ length: groups }, (_, i) => i));
      const counts = shares.map(({ first, end }) => end - first);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);

      const left = new Set(shares.flatMap((share) => subtreesOf(share, additions)));
      for (const addition of additions.filter((one) => !shares.some((share) => isInside(one, share)))) {
        expect(left.has(addition.left) && left.delete(addition.right), `${groups} groups, ${size} ranks`).toBe(true);
      }
      expect([...left]).toEqual([0]);
    }
  }
});
