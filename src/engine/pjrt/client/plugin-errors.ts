/** What a plugin's failures mean to the user. */
import { UserError } from "../../../base/user-error.js";
import { outOfMemory } from "../../memory-error.js";

/** PJRT_Error_Code, where it decides. */
const RESOURCE_EXHAUSTED = 8;

/** What the plugin says of a call that failed. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  constructor(
    /** PJRT_Error_Code */
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** A plugin that can't be used. */
export const unfit = (plugin: string, got: string, want: string, cause?: unknown): UserError =>
  new UserError(
    "engine/plugin",
    {
      at: plugin,
      got,
      want,
      fix: "Give the path of another plugin by --engine pjrt:PATH, or use --engine wasm.",
    },
    { cause },
  );

export const noDevice = (plugin: string, got: string, cause?: unknown): UserError =>
  new UserError(
    "engine/device",
    {
      at: `the device of ${plugin}`,
      got,
      want: "a device that the plugin can use",
      fix: "Check its driver (nvidia-smi shows what NVIDIA's sees), or use --engine wasm.",
    },
    { cause },
  );

export const isOutOfMemory = ({ code }: PluginError): boolean => code === RESOURCE_EXHAUSTED;

/**
 * An error of a program, or of an upload: `engine/memory` or `engine/device`.
 * @param what the program, or what else fails
 */
export function failureOf(what: string, error: unknown): unknown {
  if (!(error instanceof PluginError)) return error;
  const got = oneLine(error.message);
  if (!isOutOfMemory(error)) return noDevice(what, `failing (${got})`, error);
  return outOfMemory("the device's memory", `${what}: ${got}`, error);
}

const MOST_CHARACTERS = 400;

/** Plugins append stack traces and whole programs. */
export const oneLine = (message: string): string => message.replaceAll(/\s+/g, " ").trim().slice(0, MOST_CHARACTERS);
