/** Which validation images a child got right, in judging order: what children are compared by, and how search.json keeps it. */

/** 1 where it was right, for every image seen. */
export type Hits = Uint8Array;

/** Bits as hexadecimal digits, first image in the highest bit. */
export function packHits(hits: Hits): string {
  const digits: string[] = [];
  for (let i = 0; i < hits.length; i += 4) {
    const bit = (at: number): number => hits[i + at] ?? 0;
    digits.push(((bit(0) << 3) | (bit(1) << 2) | (bit(2) << 1) | bit(3)).toString(16));
  }
  return digits.join("");
}

export const unpackHits = (packed: string, count: number): Hits =>
  Uint8Array.from({ length: count }, (_, i) => (parseInt(packed[i >> 2]!, 16) >> (3 - (i & 3))) & 1);

export const correctOf = (hits: Hits): number => hits.reduce((sum, hit) => sum + hit, 0);
