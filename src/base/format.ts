/** Numbers and tables for people. */

export const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;
export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 1 ? 3 : 2)} ms`;
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;
export const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;
export const thousands = (count: number): string => count.toLocaleString("en-US");

const BARS = "▁▂▃▄▅▆▇█";

/**
 * A bar for each number, in one line of text.
 * @param range numbers of the lowest and the highest bar; 0 and the largest number by default
 */
export function sparkline(values: readonly number[], [low, high] = [0, Math.max(...values)]): string {
  const barOf = (value: number): string => {
    const share = high > low ? (value - low) / (high - low) : 0;
    return BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(share * BARS.length)))]!;
  };
  return values.map(barOf).join("");
}

/**
 * Columns padded to their widest cell; numbers to the right.
 * @param rows cells by column, in the order of the first row's columns; without rows the table is empty
 */
export function table(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = Object.keys(rows[0] ?? {}).map((name) => {
    const cells = rows.map((row) => row[name] ?? "");
    const all = [name, ...cells];
    const width = Math.max(...all.map(({ length }) => length));
    const isNumber = cells.every((cell) => /^[-\d.]/.test(cell));
    return all.map((cell) => (isNumber ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = Array.from({ length: columns.length > 0 ? rows.length + 1 : 0 }, (_, line) =>
    columns.map((column) => column[line]!),
  );
  return lines.map((cells) => cells.join("  ").trimEnd()).join("\n");
}
