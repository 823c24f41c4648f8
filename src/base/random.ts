/**
 * Random numbers from keys, not from state: `random(seed, "crop", epoch, index)` gives the same stream wherever and whenever
 * it is asked for, so a resumed run, another number of workers or another order of work draws the same numbers.
 * Generator: xoshiro128** (Blackman and Vigna 2018), seeded by a 128-bit mix of the key (MurmurHash3's finaliser).
 */

/** A part of what names a stream of random numbers: a seed, a purpose, an index. */
export type Key = string | number;

/** A stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [0, below). `below` is at most 2^32. */
  integer(below: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** One of the items, uniformly. */
  pick<T>(items: readonly T[]): T;
}

/** The stream that a key names: `random(seed, "crop", epoch, index)`. The same key gives the same numbers on every machine. */
export function random(...key: readonly Key[]): Random {
  const state = stateOf(key);
  const bits = (): number => {
    const result = Math.imul(rotate(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const t = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= t;
    state[3] = rotate(state[3]!, 11);
    return result;
  };
  const next = (): number => bits() / 2 ** 32;
  const integer = (below: number): number => {
    // Rejection keeps it exactly uniform.
    const limit = 2 ** 32 - (2 ** 32 % below);
    for (;;) {
      const value = bits();
      if (value < limit) return value % below;
    }
  };
  return {
    next,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => items[integer(items.length)]!,
  };
}

/** A permutation of 0 … length − 1 (Fisher–Yates). */
export function permutation(length: number, generator: Random): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = generator.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function stateOf(key: readonly Key[]): Uint32Array {
  const state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667);
  // A number and its decimal string are different keys; so are ("ab", "c") and ("a", "bc").
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  for (const byte of bytes) {
    for (let lane = 0; lane < 4; lane++) state[lane] = mix(state[lane]! ^ (byte + lane * 0x85ebca6b));
  }
  for (let lane = 0; lane < 4; lane++) state[lane] = mix(state[lane]! + state[(lane + 1) % 4]!);
  return state;
}

function mix(value: number): number {
  let h = value + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
