/** The kernels' module: which build the runtime accepts, and what it exports (kernels/*.ts). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ActivationFunction } from "../../graph/activations.js";
import { kernelConstants, type kernelSignatures } from "./signatures.js";

export type KernelName = keyof typeof kernelSignatures;

/** The module's own signatures, with positional numbers. plan/call.ts takes arguments by name. */
export type Kernels = Readonly<Record<KernelName, (...args: number[]) => void>>;

const { RELU, RELU6, SWISH, HARD_SWISH, SIGMOID, HARD_SIGMOID } = kernelConstants;
export const activationCodes: Readonly<Record<ActivationFunction, number>> = {
  relu: RELU,
  relu6: RELU6,
  swish: SWISH,
  "hard-swish": HARD_SWISH,
  sigmoid: SIGMOID,
  "hard-sigmoid": HARD_SIGMOID,
};

export type KernelBuild = "simd" | "relaxed";

/** A module whose only function is f32x4.relaxed_madd of zeros: it validates only if the runtime knows the opcode. */
const relaxedProbe = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0], // magic, version
  ...[1, 5, 1, 96, 0, 1, 123], // type: () → v128
  ...[3, 2, 1, 0], // one function
  ...[10, 19, 1, 17, 0], // its body, no locals
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15], // i32.const 0, i8x16.splat; three times
  ...[253, 133, 2, 11], // f32x4.relaxed_madd, end
]);

/** The builds that this runtime accepts, best first. Node 20's V8 has relaxed SIMD only with a flag. */
export const acceptedBuilds = (): KernelBuild[] =>
  WebAssembly.validate(relaxedProbe) ? ["relaxed", "simd"] : ["simd"];

const modules = new Map<KernelBuild, WebAssembly.Module>();

/** Instantiates a build over a memory. Keeps the compiled module for the life of the process. */
export function loadKernels(build: KernelBuild, memory: WebAssembly.Memory): Kernels {
  let module = modules.get(build);
  if (!module) {
    const path = createRequire(import.meta.url).resolve(`#wasm-kernels/${build}.wasm`);
    module = new WebAssembly.Module(readFileSync(path));
    modules.set(build, module);
  }
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports;
}
