/** The one place where a command opens the target that all its measurements are of, and closes it. */
import { localTarget, type LocalOptions } from "../target/local.js";
import type { Target } from "../target/target.js";

export async function onTarget<T>(options: LocalOptions, use: (target: Target) => Promise<T>): Promise<T> {
  const target = localTarget(options);
  try {
    return await use(target);
  } finally {
    await target.close();
  }
}
