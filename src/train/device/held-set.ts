/**
 * Which training images a device holds from the first step to the last: those that are in this process's memory as bytes, all of them, where
 * they take little of the device's memory. Steps then name them. Others go up step by step, with the same result.
 */
import { changesPixels } from "../../data/augment/augmentation.js";
import type { Images } from "../../data/images.js";
import { hasDevice, memoryOf } from "../../engine/choose.js";
import type { EngineName } from "../../engine/engine.js";
import type { Recipe } from "../recipe.js";
import type { Execution } from "../task.js";

/** Share of a device's memory that the images may take: half of what norm groups leave at least (MOST in norm-group.ts). */
const SHARE = 0.1;

/** Bytes that they may take where the memory isn't known: WebGPU promises that a buffer may have as many. */
const ANYWHERE = 128 * 2 ** 20;

export interface HeldSetOptions {
  readonly engine: EngineName;
  readonly execution: Execution;
  readonly recipe: Recipe;
}

/**
 * @returns [count, height, width, channels], 0 to 255; undefined where the images go up step by step
 * @throws UserError `engine/…` where the engine can't be asked
 */
export async function heldSetOf(
  { pixels }: Images,
  { engine, execution, recipe }: HeldSetOptions,
): Promise<Uint8Array | undefined> {
  if (!pixels || execution !== "masked" || !hasDevice(engine) || changesPixels(recipe.augmentation)) return undefined;
  const memory = await memoryOf(engine, 1);
  return pixels.length <= (memory ? SHARE * memory.bytes : ANYWHERE) ? pixels : undefined;
}
