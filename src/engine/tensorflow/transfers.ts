/**
 * Counts what crosses between this process and a backend of TensorFlow.js: every tensor's values that are written to it, scalars too, and
 * every tensor that is read back. What a backend copies on its own side of the bus is not counted.
 */
import type { TF } from "./backend.js";

/** Bytes since the count began. */
export interface Transfers {
  /** To the backend. */
  readonly up: number;
  /** From the backend. */
  readonly down: number;
}

type Values = ArrayLike<unknown> & { readonly byteLength?: number };

/** The methods of a backend through which all values go. */
interface Bus {
  write(values: Values | null, ...rest: readonly unknown[]): object;
  read(id: object): Promise<Values>;
  readSync(id: object): Values;
  /** tfjs-node's backend has one, by which what is written goes up once it is used; so do bytes (libtensorflow.ts). */
  binding?: { createTensor(shape: readonly number[], type: number, values: Values): number };
}

const hasBus = (backend: object): backend is Bus => "write" in backend && "read" in backend && "readSync" in backend;

/** Every type of tensor but strings has 4 bytes a value. */
const bytesOf = (values: Values): number => values.byteLength ?? 4 * values.length;

/** Counts the transfers of the backend in use from now on, while it is in use. */
export function countTransfers(tf: TF): Transfers {
  const backend: object = tf.backend();
  if (!hasBus(backend)) throw new Error("internal: the backend of TensorFlow.js has no write and read");
  const bytes = { up: 0, down: 0 };
  const { binding } = backend;
  if (binding) {
    const createTensor: typeof binding.createTensor = (shape, type, values) => {
      bytes.up += bytesOf(values);
      return binding.createTensor(shape, type, values);
    };
    // A native module can't be changed.
    backend.binding = Object.create(binding, { createTensor: { value: createTensor } }) as typeof binding;
  } else {
    const write = backend.write.bind(backend);
    backend.write = (values, ...rest) => {
      if (values) bytes.up += bytesOf(values);
      return write(values, ...rest);
    };
  }
  const read = backend.read.bind(backend);
  const readSync = backend.readSync.bind(backend);
  /** Some backends' `read` calls their `readSync`. */
  let isInRead = false;
  backend.read = async (id) => {
    isInRead = true;
    const reading = read(id);
    isInRead = false;
    const values = await reading;
    bytes.down += bytesOf(values);
    return values;
  };
  backend.readSync = (id) => {
    const values = readSync(id);
    if (!isInRead) bytes.down += bytesOf(values);
    return values;
  };
  return bytes;
}
