import { expect, test } from "vitest";
import { checkSeal, sealed } from "../../src/base/seal.js";
import { UserError } from "../../src/base/user-error.js";

const place = { at: "file.json", code: "x/corrupt", fix: "make it again." };

test("what is sealed is accepted after a way through a file; any other value is refused", () => {
  const text = JSON.stringify(sealed({ format: 1, list: [0.1, 1e-7], name: "größe" }), null, 2);
  checkSeal(JSON.parse(text) as object, place);
  for (const [from, to] of [
    ["0.1", "0.2"],
    ["1e-7", "1e-6"],
    ["größe", "grösse"],
    ['"format"', '"formal"'],
    ['"sha256": "', '"sha256": "0'],
  ] as const) {
    const damaged = JSON.parse(text.replace(from, to)) as object;
    expect(() => checkSeal(damaged, place), to).toThrow(UserError);
  }
  expect(() => checkSeal({ format: 1 }, place)).toThrow("file.json is changed since it was written");
});
