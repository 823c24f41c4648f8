import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { printable, shellWord } from "../../src/base/text.js";

test("what would break a line, colour a terminal or turn writing around is escaped; all other text stays", () => {
  expect(printable("a\nb\r\tc")).toBe("a\\nb\\r\\tc");
  expect(printable("\u001b[31mred\u007f\u0085\u2028")).toBe("\\u001b[31mred\\u007f\\u0085\\u2028");
  expect(printable("\u202egnp.exe\u2066")).toBe("\\u202egnp.exe\\u2066");
  for (const text of ["Äpfel 🍎 👩‍🌾", "C:\\photos", "مرحبا", '"quoted"']) expect(printable(text)).toBe(text);
});

test("a shell takes a word as it is, whatever is in it", () => {
  for (const text of ["a.onnx", "it's", `'"$(id)\`id\`\\`, "two\nlines", "größe 🍕", "-n", "*", "$HOME", "~", "''"]) {
    expect(execFileSync("sh", ["-c", `printf '%s' ${shellWord(text)}`], { encoding: "utf8" })).toBe(text);
  }
});
