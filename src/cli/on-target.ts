/** The one place where a command opens the targets that its measurements are of, and closes them. */
import { openTarget } from "../target/open-target.js";
import type { Target } from "../target/target.js";

/** What --target says in every command that measures. */
export const targetOption = [
  "--target <target>",
  "where latency is measured: local, local:threads=4, or a name from nestling.targets.json (docs/targets.md)",
] as const;

/** @param text as --target has it; this machine by default */
export async function onTarget<T>(text: string | undefined, use: (target: Target) => Promise<T>): Promise<T> {
  const target = await openTarget(text ?? "local");
  try {
    return await use(target);
  } finally {
    await target.close();
  }
}
