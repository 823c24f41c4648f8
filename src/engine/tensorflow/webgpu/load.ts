/** Finds Dawn (npm `webgpu`) and TensorFlow.js's backend for it, in the user's project or beside nestling, and opens the GPU. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../../base/user-error.js";
import type { TF } from "../backend.js";

export const packages = [
  "webgpu@0.6.2",
  "@tensorflow/tfjs-core@4.22.0",
  "@tensorflow/tfjs-backend-webgpu@4.22.0",
] as const;

/** The parts of WebGPU that this project uses directly; the backend uses the rest. */
export interface Device {
  destroy(): void;
  addEventListener(type: "uncapturederror", listener: (event: { readonly error: Error }) => void): void;
}
interface Adapter {
  readonly info: Readonly<Record<"vendor" | "architecture" | "device" | "description", string>>;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(options: {
    requiredFeatures: readonly string[];
    requiredLimits: Readonly<Record<string, number>>;
  }): Promise<Device>;
}
interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}
interface Dawn {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}
interface BackendModule {
  readonly WebGPUBackend: new (device: Device, info: Adapter["info"]) => InstanceType<TF["KernelBackend"]>;
}

/** Files from which module resolution starts, in order of preference. */
const starts = [join(process.cwd(), "index.js"), import.meta.filename];

/** @throws UserError `engine/missing` if a package isn't installed */
function resolvePackages(): { dawn: string; backend: string } {
  for (const start of starts) {
    const { resolve } = createRequire(start);
    try {
      return { dawn: resolve("webgpu"), backend: resolve("@tensorflow/tfjs-backend-webgpu") };
    } catch {
      // Try the next place.
    }
  }
  throw new UserError("engine/missing", {
    at: "--engine webgpu",
    got: "its packages not installed",
    want: "Dawn for Node and the backend of TensorFlow.js",
    fix: `Run npm install ${packages.join(" ")}, or use --engine wasm.`,
  });
}

/**
 * Dawn is a browser's WebGPU implementation: its globals belong on the global object, where the backend looks for them.
 */
async function openGpu(path: string): Promise<Gpu> {
  const { create, globals } = (await import(pathToFileURL(path).href)) as Dawn;
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  return gpu;
}

export interface OpenGpu {
  readonly tf: TF;
  readonly device: Device;
  readonly description: string;
}

const BACKEND = "webgpu";

/**
 * A broken driver may end the process, so `probe` tries first in a separate one.
 * @throws UserError `engine/missing`
 */
export async function openWebgpu(): Promise<OpenGpu> {
  const { dawn, backend } = resolvePackages();
  const gpu = await openGpu(dawn);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new UserError("engine/missing", {
      at: "--engine webgpu",
      got: "no adapter",
      want: "a GPU with a driver for Vulkan, Metal or Direct3D 12",
      fix: "On Linux, run vulkaninfo to see which there are (NVIDIA: libnvidia-gl, others: mesa-vulkan-drivers), or use --engine wasm.",
    });
  }
  const require = createRequire(backend);
  const tf = require("@tensorflow/tfjs-core") as TF;
  const { WebGPUBackend } = require(backend) as BackendModule;
  const { info, features, limits } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: ["timestamp-query"].filter((feature) => features.has(feature)),
    requiredLimits: Object.fromEntries(raisedLimits.map((name) => [name, limits[name]!])),
  });
  // The package registers its own factory, with the default limits.
  if (tf.engine().registryFactory[BACKEND]) tf.removeBackend(BACKEND);
  tf.registerBackend(BACKEND, () => new WebGPUBackend(device, info));
  await tf.setBackend(BACKEND);
  const named = [info.description, info.device, info.architecture, info.vendor].find((name) => name) ?? "unnamed";
  return { tf, device, description: `webgpu (${named})` };
}

/** Limits raised to the adapter's own: a batch's tensors exceed WebGPU's defaults. */
const raisedLimits = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
];
