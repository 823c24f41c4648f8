/** The one binary tree that a step's gradients are summed in, and which rank owns which of its leaves, the norm groups. */

/** An addition into the part `left` of the part `right`, whose leaves end before `end`. */
export interface Addition {
  readonly left: number;
  readonly right: number;
  readonly end: number;
}

/** (0 + 1) + (2 + 3) + …: the same tree whoever made the parts. */
export function additionsOf(leaves: number): Addition[] {
  const additions: Addition[] = [];
  for (let distance = 1; distance < leaves; distance *= 2) {
    for (let left = 0; left + distance < leaves; left += 2 * distance) {
      additions.push({ left, right: left + distance, end: Math.min(left + 2 * distance, leaves) });
    }
  }
  return additions;
}

/** A rank's norm groups: from `first`, before `end`. */
export interface Share {
  readonly first: number;
  readonly end: number;
}

/** Neighbouring groups, as even as whole groups can be; a rank beyond their number owns none. */
export const shareOf = (groups: number, size: number, rank: number): Share => ({
  first: Math.floor((rank * groups) / size),
  end: Math.floor(((rank + 1) * groups) / size),
});

export const isInside = ({ left, end }: Addition, share: Share): boolean => left >= share.first && end <= share.end;

/** The complete subtrees that a share sums to without any other, by their first leaf. */
export function subtreesOf(share: Share, additions: readonly Addition[]): number[] {
  const added = new Set(additions.filter((addition) => isInside(addition, share)).map(({ right }) => right));
  return Array.from({ length: share.end - share.first }, (_, i) => share.first + i).filter((leaf) => !added.has(leaf));
}
