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

/** The parts of WebGPU that we name ourselves; the backend uses the rest. */
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

/** Files that module resolution starts from, in the order of preference. */
const starts = [join(process.cwd(), "index.js"), import.meta.filename];

/** @throws UserError `engine/missing` where a package isn't installed */
function resolvePackages(): { dawn: string; backend: string } {
  for (const start of starts) {
    const { resolve } = createRequire(start);
    try {
      return { dawn: resolve("webgpu"), backend: resolve("@tensorflow/tfjs-backend-webgpu") };
    } catch {
      // The next place may have them.
    }
  }
  throw new UserError("engine/missing", {
    at: "--engine webgpu",
    got: "its packages not installed",
    want: "Dawn for Node and the backend of TensorFlow.js",
    fix: `Run npm install ${packages.join(" ")}, or use --engine wasm.`,
  });
}

/** Dawn is a browser's WebGPU: what it gives belongs on the global object, where the backend looks for it. */
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
 * May end the process where the driver is broken: `probe` tries first, in a process of its own.
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
      want: "a GPU that a driver for Vulkan, Metal or Direct3D 12 offers",
      fix: "On Linux, vulkaninfo shows what is offered (NVIDIA: libnvidia-gl, others: mesa-vulkan-drivers); or use --engine wasm.",
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
  // The package registers a factory of its own, with the default limits.
  if (tf.engine().registryFactory[BACKEND]) tf.removeBackend(BACKEND);
  tf.registerBackend(BACKEND, () => new WebGPUBackend(device, info));
  await tf.setBackend(BACKEND);
  const named = [info.description, info.device, info.architecture, info.vendor].find((name) => name) ?? "unnamed";
  return { tf, device, description: `webgpu (${named})` };
}

/** To what the adapter has: tensors of a batch are larger than WebGPU's defaults. */
const raisedLimits = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
];
