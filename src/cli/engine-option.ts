/** --engine */
import { InvalidArgumentError } from "commander";
import { engineNames, parseEngine } from "../engine/choose.js";
import type { EngineName } from "../engine/engine.js";

export const engineChoices = `${engineNames.join(", ")}, or pjrt:PATH for a plugin of your own`;

export function engineName(text: string): EngineName {
  try {
    return parseEngine(text);
  } catch {
    throw new InvalidArgumentError(`Allowed choices are ${engineChoices}.`);
  }
}
