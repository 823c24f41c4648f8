/** The choice of engine at start. */
import { UserError } from "../base/user-error.js";
import type { Engine, EngineName } from "./engine.js";
import { createWasmEngine } from "./wasm/wasm-engine.js";

export const engineNames = ["auto", "wasm"] as const;
export type EngineChoice = (typeof engineNames)[number];

/** @throws UserError `engine/unknown` */
export function parseEngine(name: string): EngineName {
  if (name === "auto" || name === "wasm") return "wasm";
  throw new UserError("engine/unknown", {
    at: "--engine",
    got: name,
    want: engineNames.join(" or "),
    fix: "Leave it out for the embedded engine.",
  });
}

const engines: Record<EngineName, () => Engine> = { wasm: () => createWasmEngine() };

export const createEngine = (name: EngineName): Engine => engines[name]();
