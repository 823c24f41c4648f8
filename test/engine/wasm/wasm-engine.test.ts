import { createWasmEngine } from "../../../src/engine/wasm/wasm-engine.js";
import { acceptedBuilds } from "../../../src/engine/wasm/kernels.js";
import { describeEngine } from "../conformance.js";

for (const build of acceptedBuilds()) {
  describeEngine(`wasm ${build}`, async () => createWasmEngine(build), { values: 150, gradients: 60, contract: 5 });
}
