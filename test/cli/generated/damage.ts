/** Damage by chance, the same for a seed. */
import type { Random } from "../../../src/base/random.js";

/** The first bytes of a file, at most `share` of it. */
export const cutAnywhere = (bytes: Uint8Array, random: Random, share = 1): Buffer =>
  Buffer.from(bytes.subarray(0, random.integer(Math.floor(bytes.length * share))));

/** White space, which may be other white space in a JSON file. */
const isSpace = (byte: number): boolean => byte === 32 || byte === 9 || byte === 10 || byte === 13;

/** A sign that divides a JSON file, replaced by one that no JSON file has. */
export function withoutSign(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const signs = [...copy.keys()].filter((at) => '{}":,'.includes(String.fromCharCode(copy[at]!)));
  copy[random.pick(signs)] = 0;
  return copy;
}

/** Some bytes, none of them white space, replaced by others. */
export function spoilt(bytes: Uint8Array, random: Random, count = 1 + random.integer(4)): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < count; i++) {
    let at = random.integer(copy.length);
    while (isSpace(copy[at]!)) at = (at + 1) % copy.length;
    copy[at] = copy[at]! ^ (1 + random.integer(255));
  }
  return copy;
}

/** A number of things, each of a draw of its own. */
export const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
