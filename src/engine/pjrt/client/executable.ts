/** Compiles programs and runs them. */
import type { StableProgram } from "../stablehlo/program.js";
import { nameOf, type Buffers, type DeviceBuffer } from "./buffers.js";
import { compileOptions } from "./compile-options.js";
import type { Library } from "./library.js";
import type { ProgramCache } from "./program-cache.js";
import { failureOf, isOutOfMemory, oneLine, PluginError, unfit } from "./plugin-errors.js";

/** A compiled program on the device. */
export interface Executable {
  /**
   * Starts it on the inputs' device and returns at once; outputs are there when they are read. Donated inputs can't be used afterwards.
   * @throws Error where an input has another type or shape: plugins take whatever has as many bytes
   */
  run(inputs: readonly DeviceBuffer[]): DeviceBuffer[];
  /** Waits for what runs; may be called again. */
  dispose(): void;
}

/** Where programs are compiled and run. */
export interface Place {
  readonly library: Library;
  readonly client: bigint;
  readonly buffers: Buffers;
  readonly cache: ProgramCache;
}

/** @throws UserError `engine/plugin` where the plugin refuses the text, `engine/memory` */
export function compile(place: Place, plugin: string, program: StableProgram): Executable {
  const { library, buffers } = place;
  const handle = load(place, plugin, program);
  let disposed = false;
  return {
    run(inputs) {
      if (disposed) throw new Error(`internal: ${program.name} was disposed of`);
      return run(place, handle, program, inputs);
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      buffers.settle();
      library.call("LoadedExecutable_Destroy", handle);
    },
  };
}

function load(place: Place, plugin: string, program: StableProgram): bigint {
  const { call } = place.library;
  const executable = restored(place, program) ?? compiled(place, plugin, program);
  const [, described] = call("LoadedExecutable_GetExecutable", executable, 0);
  const [, outputs] = call("Executable_NumOutputs", described!, 0);
  call("Executable_Destroy", described!);
  // The plugin writes as many handles as there are outputs, wherever they end.
  if (Number(outputs) !== program.outputs.length)
    throw new Error(`internal: ${program.name} has ${outputs!} outputs; its signature has ${program.outputs.length}`);
  return executable;
}

/** A program that was compiled before. */
function restored({ library: { call }, client, cache }: Place, program: StableProgram): bigint | undefined {
  const bytes = cache.get(program);
  if (!bytes) return undefined;
  try {
    return call("Executable_DeserializeAndLoad", client, bytes, bytes.length, 0, 0, 0)[3]!;
  } catch (error) {
    // It is compiled anew.
    if (error instanceof PluginError) return undefined;
    throw error;
  }
}

function compiled({ library, client, cache }: Place, plugin: string, program: StableProgram): bigint {
  const { call, struct } = library;
  // Nothing at all would have no address, which ends the process.
  const [code, format] = [Buffer.from(`${program.text}\n`), Buffer.from("mlir")];
  const source = struct([code, code.length, format, format.length]);
  try {
    const executable = call("Client_Compile", client, source, compileOptions, compileOptions.length, 0)[4]!;
    const bytes = serialized(library, executable);
    if (bytes) cache.put(program, bytes);
    return executable;
  } catch (error) {
    if (!(error instanceof PluginError) || isOutOfMemory(error)) throw failureOf(program.name, error);
    const got = `unable to compile the program ${program.name} (${oneLine(error.message)})`;
    throw unfit(plugin, got, "a plugin that takes the text of StableHLO 0.9.0", error);
  }
}

/** Undefined where the plugin doesn't serialize. */
function serialized({ call, bytes, destroy }: Library, loaded: bigint): Uint8Array | undefined {
  const [, executable] = call("LoadedExecutable_GetExecutable", loaded, 0);
  try {
    const [, address, length, owner, deleter] = call("Executable_Serialize", executable!, 0, 0, 0, 0);
    const copy = bytes(address!, length!);
    destroy(deleter!, owner!);
    return copy;
  } catch (error) {
    if (error instanceof PluginError) return undefined;
    throw error;
  } finally {
    call("Executable_Destroy", executable!);
  }
}

function run(
  { library: { call, words, struct }, buffers }: Place,
  executable: bigint,
  program: StableProgram,
  inputs: readonly DeviceBuffer[],
): DeviceBuffer[] {
  const { name, donated, outputs } = program;
  buffers.sweep();
  const device = checkInputs(program, inputs);
  const results = new BigUint64Array(outputs.length);
  const event = new BigUint64Array(1);
  const rows = [words([words(inputs.map((buffer) => buffers.handleOf(buffer)))]), 1, inputs.length, words([results])];
  try {
    call(
      "LoadedExecutable_Execute",
      executable,
      struct(noOptions),
      ...rows,
      donated.length > 0 ? event : 0,
      buffers.deviceAt(device),
    );
  } catch (error) {
    throw failureOf(name, error);
  }
  if (donated.length > 0) {
    buffers.donate(
      donated.map((i) => inputs[i]!),
      event[0]!,
    );
  }
  return outputs.map((type, i) => buffers.hold(results[i]!, { type, device, origin: name }));
}

/** PJRT_ExecuteOptions: nothing is sent or received, and every input may be donated. */
const noOptions = new Array<number>(12).fill(0);

/** @returns the number of the device that has the inputs */
function checkInputs({ name, inputs: wanted }: StableProgram, given: readonly DeviceBuffer[]): number {
  const [want, got] = [wanted.map(nameOf), given.map(({ type }) => nameOf(type))];
  if (want.length !== got.length)
    throw new Error(`internal: ${name} takes ${want.length} inputs and is given ${got.length}`);
  const wrong = want.findIndex((type, i) => type !== got[i]);
  if (wrong >= 0) throw new Error(`internal: input ${wrong} of ${name} is ${got[wrong]!}; it takes ${want[wrong]!}`);
  const [device = 0, ...others] = new Set(given.map((buffer) => buffer.device));
  if (others.length > 0) throw new Error(`internal: the inputs of ${name} are on several devices`);
  return device;
}
