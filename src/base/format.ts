/** Numbers and tables for people. */

export const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;
export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 1 ? 3 : 2)} ms`;
export const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;
export const thousands = (count: number): string => count.toLocaleString("en-US");

/** Columns padded to their widest cell; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const isNumber = (column: number): boolean => rows.every((row) => /^[-\d.]/.test(row[column] ?? "0"));
  return all
    .map((row) =>
      row
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
