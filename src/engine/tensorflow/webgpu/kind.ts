/** The engine `webgpu`. */
import type { EngineKind } from "../../engine-kind.js";
import { packages } from "./load.js";
import { probeWebgpu } from "./probe-process.js";
import { createWebgpuEngine } from "./webgpu-engine.js";

export const webgpu: EngineKind = {
  name: "webgpu",
  runsOn: "any GPU with a Vulkan, Metal or D3D12 driver",
  hasDevice: true,
  precisions: ["float32"],
  install: `npm install ${packages.join(" ")}`,
  create: createWebgpuEngine,
  workers: () => 1,
  environment: () => ({}),
  async inspect() {
    const probe = await probeWebgpu();
    if (probe.state === "present") return { works: true, detail: probe.description };
    const { got, want, fix } = probe;
    return { works: false, detail: [got, ...(want ? [`want ${want}`] : []), ...(fix ? [fix] : [])].join("; ") };
  },
};
