/** SHA-256: the hash by which everything here is named, sealed and checked. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Hashes texts (as UTF-8) and bytes, one after the other; 64 hexadecimal digits. */
export function sha256Of(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
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
