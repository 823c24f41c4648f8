/** How many nodes of a model run on the CPU although it was given another provider: onnxruntime says so only in its log. */
import type { NodeCounts } from "../protocol.js";

const PLACED = /(?:All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/g;

/** @returns undefined where the log says nothing of it */
export function nodeCountsIn(log: string): NodeCounts | undefined {
  let found: { provider: number; cpu: number } | undefined;
  for (const [, provider, count] of log.matchAll(PLACED)) {
    found ??= { provider: 0, cpu: 0 };
    found[provider === "CPUExecutionProvider" ? "cpu" : "provider"] += Number(count);
  }
  return found;
}

/** onnxruntime's log while `during` runs. It goes to the console, which shows none of it meanwhile. */
export async function logOf(during: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const before = { ...console };
  const keep = (...words: unknown[]): void => void lines.push(words.join(" "));
  Object.assign(console, { log: keep, info: keep, debug: keep, warn: keep, error: keep });
  try {
    await during();
  } finally {
    Object.assign(console, before);
  }
  return lines.join("\n");
}
