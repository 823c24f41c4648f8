/**
 * A PJRT plugin as a table of functions. All have one signature, `PJRT_Error* f(Args*)`, and a function is its position: version 0.57
 * rearranged them, and those after it only add (XLA's xla/pjrt/c/CHANGELOG.md).
 */
import { existsSync } from "node:fs";
import type Koffi from "koffi";
import { keepLoaded } from "./keep-loaded.js";
import { loadKoffi } from "./koffi.js";
import { HEAD, memoryOf, type Memory, type Word } from "./memory.js";
import { PluginError, unfit } from "./plugin-errors.js";

/** Positions in PJRT_Api, counted from its first function (pjrt_c_api.h). */
const functions = {
  Error_Destroy: 0,
  Error_Message: 1,
  Error_GetCode: 2,
  Plugin_Initialize: 3,
  Event_Destroy: 5,
  Event_IsReady: 6,
  Event_Await: 8,
  Client_Create: 10,
  Client_Destroy: 11,
  Client_PlatformName: 12,
  Client_PlatformVersion: 14,
  Client_AddressableDevices: 16,
  Client_Compile: 20,
  Client_BufferFromHostBuffer: 22,
  DeviceDescription_Kind: 26,
  Device_GetDescription: 29,
  Device_MemoryStats: 34,
  Executable_Destroy: 40,
  Executable_NumOutputs: 44,
  Executable_Serialize: 49,
  LoadedExecutable_Destroy: 50,
  LoadedExecutable_GetExecutable: 51,
  LoadedExecutable_Execute: 55,
  Executable_DeserializeAndLoad: 56,
  Buffer_Destroy: 58,
  Buffer_CopyToDevice: 69,
  Buffer_ToHostBuffer: 70,
  TopologyDescription_Create: 82,
  Compile: 89,
  Executable_GetCompiledMemoryStats: 96,
} as const;
type FunctionName = keyof typeof functions;

export interface Library extends Memory {
  /** The version of its interface, as in "0.115". */
  readonly version: string;
  /**
   * Calls a function with the fields of its struct after the head.
   * @returns all these fields, with what the plugin has written into them
   * @throws PluginError
   */
  readonly call: (name: FunctionName, ...fields: readonly Word[]) => BigUint64Array;
  /** Calls a function that the plugin has given to free something of its own. */
  readonly destroy: (deleter: bigint, owner: bigint) => void;
}

/** The first minor version with this order. */
const OLDEST = 57;

/** PJRT_Api: its size, extensions, the version's struct (size, extensions, two ints), and the functions. */
const VERSION = 4;
const FIRST_FUNCTION = 5;

/**
 * Loads a plugin and initialises it.
 * @throws UserError `engine/plugin`, `engine/missing` without koffi
 */
export function loadLibrary(plugin: string): Library {
  if (!existsSync(plugin)) throw unfit(plugin, "no file", "the path of a PJRT plugin");
  const koffi = loadKoffi();
  const memory = memoryOf(koffi);
  const api = addressOfApi(koffi, plugin);
  const head = memory.read(api, FIRST_FUNCTION);
  const [major, minor] = [head[VERSION]! & 0xffff_ffffn, head[VERSION]! >> 32n];
  const last = Math.max(...Object.values(functions));
  if (major !== 0n || minor < OLDEST || head[0]! <= (FIRST_FUNCTION + last) * 8)
    throw unfit(plugin, `of version ${major}.${minor}`, `a plugin of major version 0, from 0.${OLDEST} on`);

  const table = memory.read(api, FIRST_FUNCTION + last + 1);
  const signature = koffi.proto("uintptr_t", ["void *"]);
  const deleting = koffi.proto("void", ["void *"]);
  const start = (name: FunctionName, fields: readonly Word[]): [error: bigint, fields: BigUint64Array] => {
    const args = memory.struct(fields);
    const error = koffi.call(table[FIRST_FUNCTION + functions[name]]!, signature, args) as number | bigint;
    // Read after the call, so that it is not collected in it, nor what it points to.
    return [BigInt(error), args.subarray(HEAD, HEAD + fields.length)];
  };
  const library: Library = {
    ...memory,
    version: `${major}.${minor}`,
    call(name, ...fields) {
      const [error, args] = start(name, fields);
      if (error === 0n) return args;
      const [, message] = start("Error_Message", [error, 0, 0]);
      const [, code] = start("Error_GetCode", [error, 0]);
      const said = new PluginError(Number(code[1]! & 0xffff_ffffn), memory.text(message[1]!, message[2]!));
      start("Error_Destroy", [error]);
      throw said;
    },
    destroy(deleter, owner) {
      koffi.call(deleter, deleting, owner);
    },
  };
  library.call("Plugin_Initialize");
  return library;
}

function addressOfApi(koffi: typeof Koffi, plugin: string): bigint {
  try {
    keepLoaded(koffi, plugin);
    return BigInt(koffi.load(plugin).func("GetPjrtApi", "uintptr_t", [])() as number | bigint);
  } catch (error) {
    throw unfit(plugin, `not loadable (${(error as Error).message.trim()})`, "a PJRT plugin for this machine");
  }
}
