/** Stands for a target that a worker serves where a target is asked for: the search has no way to it but its workers. */
import type { Environment } from "../target/environment.js";
import type { Target } from "../target/target.js";

export function servedTarget(name: string, environment: Environment): Target {
  const refuse = async (): Promise<never> => {
    throw new Error(`internal: only its workers reach the target ${name}`);
  };
  return {
    ...{ name, nowMs: 0, load: refuse, rounds: refuse },
    environment: async () => environment,
    close: async () => undefined,
  };
}
