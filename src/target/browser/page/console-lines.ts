/** What onnxruntime-web says: it takes the console's functions when it starts, so they are replaced before that. */

const ways = ["log", "info", "warn", "error", "debug"] as const;

let heard: ((line: string) => void) | undefined;
let isHeld = false;

/* eslint-disable no-console -- It is the console that is listened to. */

/** To be called before onnxruntime-web is imported. */
export function holdConsole(): void {
  if (isHeld) return;
  isHeld = true;
  for (const way of ways) {
    const say = console[way].bind(console);
    console[way] = (...words: unknown[]) => {
      if (heard) heard(words.map(String).join(" "));
      else say(...words);
    };
  }
}

/** @returns the lines that were said meanwhile, instead of on the console */
export async function linesOf(use: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  heard = (line) => lines.push(...line.split("\n"));
  try {
    await use();
  } finally {
    heard = undefined;
  }
  return lines;
}
