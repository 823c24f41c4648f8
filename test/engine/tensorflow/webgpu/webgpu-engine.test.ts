import { test } from "vitest";
import { createWebgpuEngine } from "../../../../src/engine/tensorflow/webgpu/webgpu-engine.js";
import { describeEngine, describeTensors } from "../../conformance.js";
import { findAdapter, howToGet } from "./adapter.js";

const runs = Number(process.env["NESTLING_WEBGPU_RUNS"] ?? 6);
const adapter = await findAdapter();
if (adapter.state === "present") {
  // A software GPU takes a second to compile a shader; NESTLING_WEBGPU_RUNS asks a real one for more nets.
  describeEngine(adapter.description, createWebgpuEngine, { values: runs, gradients: runs, contract: 1 });
  describeTensors(adapter.description, createWebgpuEngine);
} else {
  test.skip(`webgpu: ${adapter.got}; wants ${howToGet}`, () => undefined);
}
