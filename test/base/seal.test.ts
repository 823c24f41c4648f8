import { expect, test } from "vitest";
import { canonicalSeal, isSealed, orderedSeal, sealed } from "../../src/base/seal.js";

const fields = { format: 1, list: [0.1, 1e-7], name: "größe", inner: { b: 1, a: 2 } };

test.each([orderedSeal, canonicalSeal])(
  "$field: what is sealed is still sealed when read back; any other value is not",
  (seal) => {
    const text = JSON.stringify(sealed(fields, seal), null, 2);
    expect(isSealed(JSON.parse(text) as object, seal)).toBe(true);
    for (const [from, to] of [
      ["0.1", "0.2"],
      ["1e-7", "1e-6"],
      ["größe", "grösse"],
      ['"format"', '"formal"'],
      [`"${seal.field}": "`, `"${seal.field}": "0`],
    ] as const) {
      expect(isSealed(JSON.parse(text.replace(from, to)) as object, seal), to).toBe(false);
    }
    expect(isSealed(fields, seal)).toBe(false);
  },
);

test("the order of keys breaks an ordered seal alone", () => {
  const turned = ({ format, ...rest }: object & { format?: number }): object => ({ ...rest, format });
  expect(isSealed(turned(sealed(fields, orderedSeal)), orderedSeal)).toBe(false);
  expect(isSealed(turned(sealed(fields, canonicalSeal)), canonicalSeal)).toBe(true);
});

test("sealing again replaces the seal", () => {
  const edited = { ...sealed(fields, canonicalSeal), format: 2 };
  expect(isSealed(edited, canonicalSeal)).toBe(false);
  expect(isSealed(sealed(edited, canonicalSeal), canonicalSeal)).toBe(true);
});
