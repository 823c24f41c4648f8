/** The Python lines of README's "Loading a child". */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** @param which all of them, or those before the lines that name a picture */
export function readmeLines(which: "all" | "definition"): string {
  const lines = readFileSync("README.md", "utf8").split("\n");
  const first = lines.findIndex((line) => /^ {4}import [\w, ]*\bonnxruntime\b/.test(line));
  expect(first, "README.md has no indented block that begins with `import onnxruntime`").toBeGreaterThanOrEqual(0);
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => line !== "" && !line.startsWith("    "));
  const block = rest.slice(0, end < 0 ? undefined : end).map((line) => line.slice(4));
  const call = block.findIndex((line) => line.startsWith("logits ="));
  expect(call).toBeGreaterThan(0);
  return block.slice(0, which === "definition" ? call : undefined).join("\n");
}
