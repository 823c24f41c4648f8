/** A run's outputs as bytes: the length of a header (uint32), the header (JSON), then all numbers; little-endian. */
import type { ModelRun } from "../target.js";

interface Header {
  readonly ms: number;
  readonly outputs: readonly { readonly name: string; readonly length: number }[];
}

export function encodeOutputs({ ms, outputs }: ModelRun): Uint8Array {
  const list = [...outputs].map(([name, { length }]) => ({ name, length }));
  const header = new TextEncoder().encode(JSON.stringify({ ms, outputs: list } satisfies Header));
  const bytes = new Uint8Array(4 + header.length + 4 * list.reduce((sum, { length }) => sum + length, 0));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = 4 + header.length;
  for (const { buffer, byteOffset, byteLength } of outputs.values()) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

export function decodeOutputs(bytes: Uint8Array): ModelRun {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const { ms, outputs } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength))) as Header;
  let at = 4 + headerLength;
  const named = outputs.map(({ name, length }): [string, Float32Array] => {
    // A copy, since floats must lie at a multiple of 4.
    const values = new Float32Array(new Uint8Array(bytes.subarray(at, at + 4 * length)).buffer);
    at += 4 * length;
    return [name, values];
  });
  return { ms, outputs: new Map(named) };
}

/** The bytes of a body as numbers; undefined where they are no whole floats. */
export const floatsOf = (bytes: Uint8Array): Float32Array | undefined =>
  bytes.length % 4 === 0 ? new Float32Array(new Uint8Array(bytes).buffer) : undefined;
