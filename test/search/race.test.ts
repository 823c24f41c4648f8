import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { packHits, unpackHits } from "../../src/search/hits.js";
import { cannotWin } from "../../src/search/race.js";

const bits = (length: number) => fc.uint8Array({ min: 0, max: 1, minLength: length, maxLength: length });

test("hits come back from hexadecimal as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 0, max: 1 }), (hits) => {
      expect(packHits(hits)).toHaveLength(Math.ceil(hits.length / 4));
      expect(unpackHits(packHits(hits), hits.length)).toEqual(hits);
    }),
  );
  expect(packHits(Uint8Array.of(1, 0, 1, 0, 0, 1))).toBe("a4");
});

test("below 256 images only arithmetic stops: whoever is stopped would lose even with all that remain", () => {
  fc.assert(
    fc.property(bits(200), bits(200), fc.integer({ min: 0, max: 200 }), (challenger, incumbent, seen) => {
      const sum = (hits: Uint8Array): number => hits.reduce((total, hit) => total + hit, 0);
      const best = sum(challenger.subarray(0, seen)) + 200 - seen;
      expect(cannotWin(challenger, incumbent, seen)).toBe(best < sum(incumbent));
    }),
    { numRuns: 2000 },
  );
});

test("an equal is never stopped: it may still win with fewer MACs", () => {
  const incumbent = Uint8Array.from({ length: 1000 }, (_, i) => (i % 5 === 0 ? 0 : 1));
  for (let seen = 0; seen <= 1000; seen += 50) expect(cannotWin(incumbent, incumbent, seen)).toBe(false);
});

/** Two children of given accuracies that agree on most images, as children of one supernet do. */
function pair(seed: number, mine: number, other: number): [Uint8Array, Uint8Array] {
  const draw = random(seed, "pair");
  const common = Array.from({ length: 1000 }, () => draw.next());
  const hits = (accuracy: number): Uint8Array =>
    Uint8Array.from(common, (u) => ((draw.next() < 0.7 ? u : draw.next()) < accuracy ? 1 : 0));
  return [hits(mine), hits(other)];
}

test("over 2,000 close races nobody who would have won is stopped, and clear losers are stopped early", () => {
  let early = 0;
  for (let seed = 0; seed < 2000; seed++) {
    const clear = seed % 2 === 1;
    const [challenger, incumbent] = pair(seed, clear ? 0.7 : 0.84, 0.85);
    const wins = challenger.reduce((sum, hit, i) => sum + hit - incumbent[i]!, 0) >= 0;
    const batches = Array.from({ length: 7 }, (_, i) => 128 * (i + 1));
    const stoppedAt = batches.find((seen) => cannotWin(challenger, incumbent, seen));
    if (wins) expect(stoppedAt, `seed ${seed}`).toBeUndefined();
    if (clear && stoppedAt !== undefined) early++;
  }
  expect(early).toBeGreaterThan(950);
});
