/** SHA-256: the hash by which everything here is named, sealed and checked. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";

/** Bytes that are hashed at a stretch: a few milliseconds. */
const PIECE = 1 << 20;

/** Hashes texts (as UTF-8) and bytes, one after the other; 64 hexadecimal digits. */
export function sha256Of(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Hashes bytes, one part after the other, in pieces between which the event loop is free. */
export async function sha256InPieces(parts: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  let hashed = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += PIECE) {
      const piece = part.subarray(from, from + PIECE);
      hash.update(piece);
      hashed += piece.length;
      if (hashed < PIECE) continue;
      await setImmediate();
      hashed = 0;
    }
  }
  return hash.digest("hex");
}

/** Hashes a value as one line of JSON, in the order of its keys. */
export const sha256OfJson = (value: unknown): string => sha256Of(JSON.stringify(value));

/**
 * Hashes a file, which may be larger than memory.
 * @param through what its bytes pass first, such as `createGunzip()`
 */
export async function sha256OfFile(path: string, through?: Duplex): Promise<string> {
  const hash = createHash("sha256");
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  await (through ? pipeline(file, through, hash) : pipeline(file, hash));
  return hash.digest("hex");
}
