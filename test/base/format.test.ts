import { expect, test } from "vitest";
import { milliseconds, millions, percent, sparkline, table, thousands } from "../../src/base/format.js";

test("numbers with their units", () => {
  expect([percent(0.12345), percent(1, 0)]).toEqual(["12.35 %", "100 %"]);
  expect([milliseconds(0.12345), milliseconds(0.9999), milliseconds(1), milliseconds(12.345)]).toEqual([
    "0.123 ms",
    "1.000 ms",
    "1.00 ms",
    "12.35 ms",
  ]);
  expect([millions(0), millions(1_234_567)]).toEqual(["0.00 M", "1.23 M"]);
  expect(thousands(1_234_567)).toBe("1,234,567");
});

test("a table: numbers to the right, text to the left, no blanks at the end of a line", () => {
  const rows = [
    { file: "a.onnx", p50: "1.50 ms", note: "" },
    { file: "longer.onnx", p50: "10.25 ms", note: "x" },
  ];
  expect(table(rows).split("\n")).toEqual([
    "file              p50  note",
    "a.onnx        1.50 ms",
    "longer.onnx  10.25 ms  x",
  ]);
});

test("columns are the first row's; without rows there is no table", () => {
  expect(table([{ a: "x" }, { b: "y" }])).toBe("a\nx\n");
  expect(table([])).toBe("");
});

test("a sparkline has a bar for each number, from the lowest to the highest", () => {
  expect(sparkline([0, 1, 2, 4])).toBe("▁▃▅█");
  expect(sparkline([5, 6, 4, 99], [5, 6])).toBe("▁█▁█");
  expect(sparkline([0, 0])).toBe("▁▁");
});
