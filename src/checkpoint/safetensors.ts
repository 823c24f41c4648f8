/**
 * safetensors files (github.com/huggingface/safetensors), float32 only: 8 bytes of header length, a JSON header, the
 * values. The bytes are a pure function of the content: names in the map's order, no dates.
 */
import { UserError } from "../base/user-error.js";

export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

export type Tensors = ReadonlyMap<string, Tensor>;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export const encodeSafetensors = (tensors: Tensors): Uint8Array => Buffer.concat(partsOfFile(tensors));

/** A file's bytes in parts, one after the other: the header, then views of each tensor's values. */
export function partsOfFile(tensors: Tensors): Uint8Array[] {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const entry: Entry = { dtype: "F32", shape, data_offsets: [offset, (offset += data.byteLength)] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  // Joined by hand: an object would move names like "0" to the front and lose "__proto__".
  const json = `{${entries.join(",")}}`;
  const text = new TextEncoder().encode(
    json.padEnd(json.length + ((8 - (new TextEncoder().encode(json).length % 8)) % 8)),
  );
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const values = Array.from(
    tensors.values(),
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return [length, text, ...values];
}

/** @throws UserError `checkpoint/corrupt` saying what is wrong with the file named `at` */
export function decodeSafetensors(bytes: Uint8Array, at: string): Map<string, Tensor> {
  const wrong = (got: string, want: string): UserError =>
    new UserError("checkpoint/corrupt", {
      at,
      got,
      want,
      fix: "The file is damaged: use another checkpoint or train again.",
    });
  if (bytes.length < 8) throw wrong(`${bytes.length} bytes long`, "a safetensors file");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw wrong(`cut off in its header of ${length} bytes`, "a whole file");
  const start = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    throw wrong("a file whose header is not JSON", "a safetensors file");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw wrong("without a header object", "a safetensors file");
  const entries = Object.entries(header as Record<string, unknown>)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => {
      if (!isEntry(entry)) throw wrong(`with a broken entry ${name}`, "dtype, shape and data_offsets");
      return [name, entry] as const;
    });
  // The order in the header means nothing; the values are stored without gaps.
  entries.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, entry] of entries) {
    if (entry.dtype !== "F32") throw wrong(`with ${name} of type ${entry.dtype}`, "F32");
    const [from, to] = entry.data_offsets;
    const count = entry.shape.reduce((product, size) => product * size, 1);
    if (from !== end || to - from !== 4 * count)
      throw wrong(`with ${name} at bytes ${from} to ${to}`, `${4 * count} bytes from ${end} on`);
    if (start + to > bytes.length) throw wrong(`cut off in ${name}`, `${start + to} bytes or more`);
    // Copied, since values in the file need not be aligned (a Buffer's own `slice` would not copy).
    tensors.set(name, {
      shape: entry.shape,
      data: new Float32Array(new Uint8Array(bytes.subarray(start + from, start + to)).buffer),
    });
    end = to;
  }
  if (start + end !== bytes.length)
    throw wrong(`${bytes.length} bytes long`, `${start + end} bytes, as its header says`);
  return tensors;
}

function isEntry(entry: unknown): entry is Entry {
  const natural = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof entry !== "object" || entry === null) return false;
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  return (
    typeof dtype === "string" &&
    Array.isArray(shape) &&
    shape.every(natural) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(natural)
  );
}
