/**
 * A PJRT plugin's devices: buffers in their memory, and programs that run there. All calls block but `run`, so a worker thread is
 * the place for it.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { StableProgram } from "../stablehlo/program.js";
import { Buffers, type DeviceBuffer } from "./buffers.js";
import { compileOptions } from "./compile-options.js";
import { programCache } from "./program-cache.js";
import { compile, type Executable } from "./executable.js";
import { loadLibrary, type Library } from "./library.js";
import { noDevice, oneLine, PluginError } from "./plugin-errors.js";

export type { DeviceBuffer } from "./buffers.js";
export type { Executable } from "./executable.js";

/** A plugin's devices. */
export interface PjrtClient {
  /** "cpu", "cuda", "tpu" */
  readonly platform: string;
  /** Platform, its version, the interface's version, devices. */
  readonly description: string;
  /** Bytes of a device's memory that may be used; undefined where it can't say. */
  readonly memory: number | undefined;
  /** How many devices there are; they are numbered from 0. */
  readonly devices: number;
  /** Buffers in the devices' memory, once what runs has ended. */
  readonly liveBuffers: number;
  /** Copies values: f32, i32 or ui8, as the array is, to the first device unless another is named. */
  upload(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], device?: number): DeviceBuffer;
  /** @throws UserError `engine/plugin` where the plugin refuses the text, `engine/memory` */
  compile(program: StableProgram): Executable;
  /** Waits for what runs; all buffers and executables go with it. */
  dispose(): void;
}

/**
 * @param cpus as how many devices a plugin for CPUs shows this machine
 * @throws UserError `engine/plugin`, `engine/device`, `engine/missing` without koffi
 */
export function createClient(plugin: string, cpus = 1): PjrtClient {
  const library = loadLibrary(plugin);
  const client = openClient(library, plugin, cpus);
  const devices = devicesOf(library, client);
  if (devices.length === 0) throw noDevice(plugin, "none");
  const buffers = new Buffers(library, client, devices);
  const executables: Executable[] = [];
  const described = describe(library, client, devices);
  const { size, mtimeMs } = statSync(plugin);
  const cache = programCache([described.description, String(size), String(mtimeMs), compileOptions.join()]);
  return {
    ...described,
    devices: devices.length,
    memory: memoryOf(library, devices[0]!),
    get liveBuffers() {
      buffers.settle();
      return buffers.count;
    },
    upload: (values, shape, device = 0) => buffers.upload(values, shape, device),
    compile(program) {
      const executable = compile({ library, client, buffers, cache }, plugin, program);
      executables.push(executable);
      return executable;
    },
    dispose() {
      buffers.dispose();
      for (const executable of executables) executable.dispose();
      library.call("Client_Destroy", client);
    },
  };
}

/** PJRT_NamedValue_Type */
const INT64 = 1;

/** A plugin for CPUs makes several devices by default; those of other platforms refuse options that they don't know. */
function openClient({ call, struct }: Library, plugin: string, cpus: number): bigint {
  const option = Buffer.from("cpu_device_count");
  const options = /cpu/i.test(basename(plugin))
    ? ([struct([option, option.length, INT64, cpus, 1]), 1] as const)
    : [0, 0];
  try {
    return call("Client_Create", ...options, 0, 0, 0, 0, 0, 0, 0)[6]!;
  } catch (error) {
    if (error instanceof PluginError) throw noDevice(plugin, `none (${oneLine(error.message)})`, error);
    throw error;
  }
}

function devicesOf({ call, read }: Library, client: bigint): bigint[] {
  const [, list, count] = call("Client_AddressableDevices", client, 0, 0);
  return count === 0n ? [] : [...read(list!, Number(count))];
}

/** Values in PJRT_Device_MemoryStats_Args after the device: `bytes_limit` and whether it is known are the eighth and the ninth. */
const STATISTICS = 20;

function memoryOf({ call }: Library, device: bigint): number | undefined {
  try {
    const [limit, isKnown] = call("Device_MemoryStats", device, ...new Array<number>(STATISTICS).fill(0)).slice(8);
    return (isKnown! & 0xffn) === 1n ? Number(limit) : undefined;
  } catch (error) {
    // A CPU has none of its own.
    if (error instanceof PluginError) return undefined;
    throw error;
  }
}

function describe(
  { call, text, version }: Library,
  client: bigint,
  devices: readonly bigint[],
): Pick<PjrtClient, "platform" | "description"> {
  const textOf = (
    name: "Client_PlatformName" | "Client_PlatformVersion" | "DeviceDescription_Kind",
    of: bigint,
  ): string => {
    const [, address, bytes] = call(name, of, 0, 0);
    return text(address!, bytes!);
  };
  const platform = textOf("Client_PlatformName", client);
  const build = oneLine(textOf("Client_PlatformVersion", client));
  const kinds = devices.map((device) => textOf("DeviceDescription_Kind", call("Device_GetDescription", device, 0)[1]!));
  const parts = [platform, ...(build && build !== platform ? [build] : []), `PJRT ${version}`, summary(kinds)];
  return { platform, description: parts.join(", ") };
}

/** "1 device: cpu", "8 devices: TPU v5" */
const summary = (kinds: readonly string[]): string =>
  `${kinds.length} device${kinds.length === 1 ? "" : "s"}: ${[...new Set(kinds)].join(", ")}`;
