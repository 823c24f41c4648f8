/** The kernels' resizing is Pillow's, written down plainly: a filter's shares in 22 bits, rows then columns, each cut to a byte. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { resizePart, type Interpolation, type Part, type Size } from "../../src/data/pictures/pillow-resize.js";
import type { Picture } from "../../src/data/pictures/picture.js";

const pictureOf = (width: number, height: number, channels: 1 | 3): Picture => {
  const draw = random("resize", width, height);
  // Black and white often, so that a cubic overshoots.
  const value = (): number => Math.max(0, Math.min(255, draw.integer(511) - 128));
  return { width, height, channels, pixels: Uint8Array.from({ length: width * height * channels }, value) };
};

const bilinear = (x: number): number => Math.max(0, 1 - Math.abs(x));
const bicubic = (x: number): number => {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * -0.5 : 0;
};

/** One side: `line` resized to a size; the values of positions start … start + count. */
function resizedLine(
  line: readonly number[],
  size: number,
  start: number,
  count: number,
  kind: Interpolation,
): number[] {
  const filter = kind === "bilinear" ? bilinear : bicubic;
  const scale = line.length / size;
  const widened = Math.max(scale, 1);
  const support = (kind === "bilinear" ? 1 : 2) * widened;
  return Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(line.length, Math.trunc(centre + support + 0.5));
    const shares = line.slice(first, end).map((__, j) => filter((j + first - centre + 0.5) * (1 / widened)));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const sum = shares.reduce((before, share, j) => {
      const weight = Math.trunc((share < 0 ? -0.5 : 0.5) + (share / total) * 2 ** 22);
      return before + weight * line[first + j]!;
    }, 2 ** 21);
    return Math.max(0, Math.min(255, sum >> 22));
  });
}

function plainly(picture: Picture, size: Size, part: Part, kind: Interpolation, source: Part): Uint8Array {
  const { width, channels, pixels } = picture;
  const out = new Uint8Array(part.width * part.height * channels);
  for (let c = 0; c < channels; c++) {
    const rows = Array.from({ length: source.height }, (_, y) => {
      const at = (x: number): number => pixels[((source.top + y) * width + source.left + x) * channels + c]!;
      const line = Array.from({ length: source.width }, (__, x) => at(x));
      return resizedLine(line, size.width, part.left, part.width, kind);
    });
    for (let x = 0; x < part.width; x++) {
      const column = rows.map((row) => row[x]!);
      resizedLine(column, size.height, part.top, part.height, kind).forEach((value, y) => {
        out[(y * part.width + x) * channels + c] = value;
      });
    }
  }
  return out;
}

/** A part of a picture of this size. */
const partIn = ({ width, height }: Size): fc.Arbitrary<Part> =>
  fc
    .record({ left: fc.nat(width - 1), top: fc.nat(height - 1) })
    .chain(({ left, top }) =>
      fc
        .record({ width: fc.integer({ min: 1, max: width - left }), height: fc.integer({ min: 1, max: height - top }) })
        .map((size) => ({ left, top, ...size })),
    );
const sizes = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });

test("any part of any part of a picture, larger or smaller, in grey or colour, by either filter", () => {
  const cases = fc
    .tuple(sizes, sizes)
    .chain(([from, to]) => fc.tuple(fc.constant(from), fc.constant(to), partIn(from), partIn(to)));
  const channels = fc.constantFrom(1 as const, 3 as const);
  const kinds = fc.constantFrom("bilinear" as const, "bicubic" as const);
  fc.assert(
    fc.property(cases, channels, kinds, ([from, to, source, part], each, kind) => {
      const picture = pictureOf(from.width, from.height, each);
      expect(resizePart(picture, to, part, kind, source)).toEqual(plainly(picture, to, part, kind, source));
    }),
    { numRuns: 300 },
  );
});

test("a picture of several megabytes, which is read in bands, then a small one", () => {
  const [large, small] = [pictureOf(2000, 900, 3), pictureOf(7, 5, 3)];
  for (const picture of [large, small]) {
    const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
    const part = { left: 0, top: 0, width: 8, height: 6 };
    expect(resizePart(picture, part, part)).toEqual(plainly(picture, part, part, "bilinear", whole));
  }
});
