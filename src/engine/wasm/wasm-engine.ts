/** The embedded engine: this project's own kernels over one WebAssembly memory. Needs nothing but Node. */
import type { Engine } from "../engine.js";
import { openArena } from "./arena.js";
import { acceptedBuilds, type KernelBuild, type Kernels } from "./kernels.js";
import { compileProgram } from "./program.js";

/**
 * @param build for tests; by default the best that the runtime accepts
 * @param observe for profiles: wraps the kernels
 */
export function createWasmEngine(
  build: KernelBuild = acceptedBuilds()[0]!,
  observe = (kernels: Kernels): Kernels => kernels,
): Engine {
  const arena = openArena(build, observe);
  return {
    name: "wasm",
    description: `wasm (${build} build)`,
    compile: (graph, size) => compileProgram(arena, graph, size),
    dispose: () => undefined,
  };
}
