/** The one memory that all programs of an engine use in turn, and the kernels that run on it. */
import { outOfMemory } from "../memory-error.js";
import { loadKernels, type KernelBuild, type Kernels } from "./kernels.js";

export interface Arena {
  readonly kernels: Kernels;
  /** First free byte. */
  readonly base: number;
  /**
   * Grows it to at least this many bytes; returns a view of its floats.
   * @throws UserError `engine/memory`
   */
  reserve(bytes: number): Float32Array;
  floats(): Float32Array;
}

const PAGE = 65536;
/** The limit of 32-bit addresses: 4 GiB. */
const MAXIMUM_PAGES = 65536;
export const MOST_BYTES = MAXIMUM_PAGES * PAGE;
/** The kernels' own small tables are below. */
const BASE = PAGE;

/** @param observe wraps the kernels, for profiles */
export function openArena(build: KernelBuild, observe: (kernels: Kernels) => Kernels): Arena {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAXIMUM_PAGES });
  let floats = new Float32Array(memory.buffer);
  return {
    kernels: observe(loadKernels(build, memory)),
    base: BASE,
    reserve(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) grow(memory, Math.ceil(missing / PAGE));
      if (floats.buffer !== memory.buffer) floats = new Float32Array(memory.buffer);
      return floats;
    },
    floats: () => floats,
  };
}

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (error) {
    const gigabytes = (memory.buffer.byteLength + pages * PAGE) / 2 ** 30;
    const got = `${gigabytes.toFixed(1)} GiB are needed of at most 4, and of what this machine has left`;
    throw outOfMemory("the memory of a worker of engine wasm", got, error);
  }
}
