/** The embedded engine: this project's own kernels over one WebAssembly memory. Needs nothing but Node. */
import type { Engine } from "../engine.js";
import { acceptedBuilds, loadKernels, type KernelBuild, type Kernels } from "./kernels.js";
import { compileProgram, type Arena } from "./program.js";

const PAGE = 65536;
/** Below lie the kernels' own few tables. */
const BASE = PAGE;

/**
 * @param build for tests; by default the best that the runtime takes
 * @param observe for profiles: wraps the kernels
 */
export function createWasmEngine(
  build: KernelBuild = acceptedBuilds()[0]!,
  observe = (kernels: Kernels): Kernels => kernels,
): Engine {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const kernels = observe(loadKernels(build, memory));
  let floats = new Float32Array(memory.buffer);
  const arena: Arena = {
    kernels,
    base: BASE,
    reserve(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      if (floats.buffer !== memory.buffer) floats = new Float32Array(memory.buffer);
      return floats;
    },
    floats: () => floats,
  };
  return {
    name: "wasm",
    description: `wasm (${build} build)`,
    compile: (graph, size) => compileProgram(arena, graph, size),
    dispose: () => undefined,
  };
}
