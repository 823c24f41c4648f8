import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { pack, type Part } from "../../src/compile/numbers.js";
import { forEachOihwBlock } from "../../src/compile/oihw.js";

/** A part of a random weight, with or without factors. Sizes are around a tile's; kernels are centre crops. */
const anyPart: fc.Arbitrary<Part> = fc
  .record({
    rank: fc.constantFrom(2, 3, 4),
    channels: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
    cut: fc.tuple(fc.nat(9), fc.nat(9)),
    kernel: fc.constantFrom([1, 1], [3, 3], [5, 3], [7, 3]),
    factors: fc.boolean(),
    seed: fc.nat(1e6),
  })
  .map(({ rank, channels, cut, kernel, factors, seed }) => {
    const [whole, used] = kernel as [number, number];
    const own = rank === 3 ? channels.slice(1) : channels;
    const taps = rank === 2 ? [] : [used, used];
    const size = [...taps, ...own];
    const full = [...taps.map(() => whole), ...own.map((count, i) => count + cut[i]!)];
    const start = size.map((_, i) => (i < taps.length ? (whole - used) / 2 : 0));
    const draw = random(seed, "part");
    const shared = Float32Array.from({ length: full.reduce((a, b) => a * b, 1) }, () => draw.normal());
    const factor = Float64Array.from({ length: size.at(-1)! }, () => draw.normal());
    return { shared, box: { full, start, size }, ...(factors && { factor }) };
  });

test("the blocks in order are the packed weight: output channels, then input channels, then taps", () => {
  fc.assert(
    fc.property(anyPart, (part) => {
      const blocks: number[] = [];
      forEachOihwBlock(part, (block) => blocks.push(...block));
      const packed = pack(part);
      const { size } = part.box;
      const outputs = size.at(-1)!;
      const inputs = size.length === 3 ? 1 : size.at(-2)!;
      const taps = size.length === 2 ? 1 : size[0]! * size[1]!;
      const expected: number[] = [];
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++)
          for (let tap = 0; tap < taps; tap++) expected.push(packed[(tap * inputs + i) * outputs + o]!);
      expect(blocks).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
