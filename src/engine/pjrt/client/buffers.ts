/** Arrays in a device's memory: they go up, come down, and are freed when nothing that runs needs them. */
import type { ElementType, TensorType } from "../stablehlo/program.js";
import type { Library } from "./library.js";
import { failureOf, PluginError } from "./plugin-errors.js";

/** An array in the device's memory. */
export interface DeviceBuffer {
  readonly type: TensorType;
  /** The number of the device that has it. */
  readonly device: number;
  /** The same numbers on another device. */
  copyTo(device: number): DeviceBuffer;
  /**
   * Blocks until it is there. Numbers of other types are converted.
   * @throws UserError `engine/memory`, `engine/device` where the program that makes it fails
   */
  read(): Float32Array;
  /** May be called again, and of a donated buffer. */
  dispose(): void;
}

/** PJRT_Buffer_Type */
const codes = { i1: 1, i32: 4, ui8: 6, f32: 11 } as const satisfies Record<ElementType, number>;

/** f32[2,3] */
export const nameOf = ({ element, shape }: TensorType): string => `${element}[${shape.join(",")}]`;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

type Values = Float32Array | Int32Array | Uint8Array;

const elementOf = (values: Values): ElementType =>
  values instanceof Float32Array ? "f32" : values instanceof Int32Array ? "i32" : "ui8";

function arrayFor({ element, shape }: TensorType): Values {
  const size = sizeOf(shape);
  switch (element) {
    case "f32":
      return new Float32Array(size);
    case "i32":
      return new Int32Array(size);
    case "ui8":
    case "i1":
      return new Uint8Array(size);
  }
}

/** Until the data is copied, which is within the call. */
const ONLY_DURING_CALL = 0;
const TILED = 0;

interface Origin {
  readonly type: TensorType;
  readonly device: number;
  /** The program whose output it is: its errors show when the output is read. */
  readonly origin: string;
}

export class Buffers {
  readonly #handles = new Map<DeviceBuffer, bigint>();
  /** Programs with donated inputs, oldest first, by the event of their end. */
  readonly #running: { readonly event: bigint; readonly donated: readonly bigint[] }[] = [];

  constructor(
    private readonly library: Library,
    private readonly client: bigint,
    private readonly devices: readonly bigint[],
  ) {}

  /** Those that nobody has disposed of or donated. */
  get count(): number {
    return this.#handles.size;
  }

  upload(values: Values, shape: readonly number[], device: number): DeviceBuffer {
    const type: TensorType = { element: elementOf(values), shape };
    if (values.length !== sizeOf(shape)) throw new Error(`internal: ${values.length} values for ${nameOf(type)}`);
    const dimensions = this.#numbers(shape);
    const layout = [0, 0, ONLY_DURING_CALL, this.deviceAt(device), 0, 0];
    try {
      const fields = this.library.call(
        "Client_BufferFromHostBuffer",
        ...[this.client, values, codes[type.element], dimensions, shape.length, ...layout, 0, 0],
      );
      this.library.call("Event_Destroy", fields[11]!);
      return this.hold(fields[12]!, { type, device, origin: "an upload" });
    } catch (error) {
      throw failureOf("an upload", error);
    }
  }

  deviceAt(device: number): bigint {
    const handle = this.devices[device];
    if (handle === undefined) throw new Error(`internal: device ${device} of ${this.devices.length}`);
    return handle;
  }

  /** Takes over the handle of an array on a device. */
  hold(handle: bigint, { type, device, origin }: Origin): DeviceBuffer {
    const buffer: DeviceBuffer = {
      ...{ type, device },
      copyTo: (other) => this.#copy(buffer, other),
      read: () => this.#read(this.handleOf(buffer), type, origin),
      dispose: () => {
        if (this.#handles.delete(buffer)) this.library.call("Buffer_Destroy", handle);
      },
    };
    this.#handles.set(buffer, handle);
    return buffer;
  }

  handleOf(buffer: DeviceBuffer): bigint {
    const handle = this.#handles.get(buffer);
    if (handle === undefined) throw new Error(`internal: ${nameOf(buffer.type)} was disposed of or donated`);
    return handle;
  }

  /** Takes over the donated inputs of a program: to destroy their handles while it runs would wait for it. */
  donate(donated: readonly DeviceBuffer[], event: bigint): void {
    this.#running.push({ event, donated: donated.map((buffer) => this.handleOf(buffer)) });
    for (const buffer of donated) this.#handles.delete(buffer);
  }

  /** Destroys what programs that have ended were given. */
  sweep(): void {
    const { call } = this.library;
    while (this.#running[0] && (call("Event_IsReady", this.#running[0].event, 0)[1]! & 0xffn) === 1n) this.#release();
  }

  /** Waits for all programs with donated inputs. */
  settle(): void {
    while (this.#running[0]) {
      try {
        this.library.call("Event_Await", this.#running[0].event);
      } catch (error) {
        // Its outputs say so when they are read.
        if (!(error instanceof PluginError)) throw error;
      }
      this.#release();
    }
  }

  dispose(): void {
    this.settle();
    for (const buffer of this.#handles.keys()) buffer.dispose();
  }

  #copy(buffer: DeviceBuffer, device: number): DeviceBuffer {
    const handle = this.handleOf(buffer);
    try {
      const [, , copy] = this.library.call("Buffer_CopyToDevice", handle, this.deviceAt(device), 0);
      return this.hold(copy!, { type: buffer.type, device, origin: "a copy between devices" });
    } catch (error) {
      throw failureOf("a copy between devices", error);
    }
  }

  #release(): void {
    const { event, donated } = this.#running.shift()!;
    this.library.call("Event_Destroy", event);
    for (const handle of donated) this.library.call("Buffer_Destroy", handle);
  }

  #read(handle: bigint, type: TensorType, origin: string): Float32Array {
    const { call, struct, innerStruct } = this.library;
    const values = arrayFor(type);
    // A device may keep dimensions in another order: row-major is asked for.
    const order = this.#numbers(type.shape.map((_, i) => i).reverse());
    const layout = struct([...innerStruct([order, type.shape.length, 0, 0, 0]), TILED]);
    try {
      const event = call("Buffer_ToHostBuffer", handle, layout, values, values.byteLength, 0)[4]!;
      try {
        call("Event_Await", event);
      } finally {
        call("Event_Destroy", event);
      }
    } catch (error) {
      throw failureOf(origin, error);
    }
    this.sweep();
    return values instanceof Float32Array ? values : Float32Array.from(values);
  }

  /** int64s; never empty, since an empty array has no address. */
  #numbers(values: readonly number[]): BigUint64Array {
    return this.library.words([...values, 0]);
  }
}
