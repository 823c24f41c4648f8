import { test } from "vitest";
import { createWebgpuEngine } from "../../../../src/engine/tensorflow/webgpu/webgpu-engine.js";
import { describeEngine } from "../../conformance.js";
import { findAdapter, howToGet } from "./adapter.js";

const adapter = await findAdapter();
if (adapter.state === "present") {
  // A software GPU compiles each shader for a second.
  describeEngine(adapter.description, createWebgpuEngine, { values: 15, gradients: 15 });
} else {
  test.skip(`webgpu: ${adapter.got}; wants ${howToGet}`, () => undefined);
}
