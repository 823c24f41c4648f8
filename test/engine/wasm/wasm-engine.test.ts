import { test } from "vitest";
import { createWasmEngine } from "../../../src/engine/wasm/wasm-engine.js";
import { acceptedBuilds } from "../../../src/engine/wasm/kernels.js";
import { describeEngine } from "../conformance.js";
import { expectOutOfMemory } from "../out-of-memory.js";

for (const build of acceptedBuilds()) {
  describeEngine(`wasm ${build}`, async () => createWasmEngine(build), { values: 150, gradients: 60, contract: 5 });
}

test("out of memory: how much is needed, and the way out", async () => {
  await expectOutOfMemory(
    createWasmEngine(),
    /^the memory of a worker of engine wasm is too small \([\d.]+ GiB are needed/,
  );
});
