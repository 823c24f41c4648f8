/** A file of images of one size, read by position: pixels, then a CRC-32 of each image, so that a damaged one is noticed when it is read. */
import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { sha256Of } from "../../base/hash.js";
import { inParallel } from "../../base/in-parallel.js";
import { UserError } from "../../base/user-error.js";

/** Bytes of a CRC-32. */
const CHECK = 4;

export interface PixelWriter {
  /** Whole images. */
  append(pixels: Uint8Array): Promise<void>;
  /** @returns SHA-256 of the images' CRC-32s */
  finish(): Promise<string>;
  close(): Promise<void>;
}

/** @param each bytes of an image */
export async function pixelWriter(path: string, count: number, each: number): Promise<PixelWriter> {
  const file = await open(path, "w");
  const checks = Buffer.alloc(CHECK * count);
  let images = 0;
  return {
    async append(pixels) {
      for (let at = 0; at < pixels.length; at += each, images++) {
        checks.writeUInt32LE(crc32(pixels.subarray(at, at + each)), CHECK * images);
      }
      await file.writeFile(pixels);
    },
    async finish() {
      if (images !== count) throw new Error(`internal: ${images} images packed of ${count}`);
      await file.writeFile(checks);
      await file.sync();
      return sha256Of(checks);
    },
    close: () => file.close(),
  };
}

export interface PixelFile {
  readonly path: string;
  readonly count: number;
  /** Bytes of an image. */
  readonly each: number;
  /** As `finish` gave it. */
  readonly checks: string;
}

/**
 * Opens a file of images.
 * @returns reads images by their places: their pixels, one after the other
 * @throws UserError `data/pack` where the file is cut or damaged, then and when it is read
 */
export async function openPixels({
  path,
  count,
  each,
  checks,
}: PixelFile): Promise<(indices: ArrayLike<number>, into?: Uint8Array) => Promise<Uint8Array>> {
  const bytes = await stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
  const wanted = count * (each + CHECK);
  if (bytes !== wanted) throw damaged(path, bytes === undefined ? "missing" : `${bytes} bytes long`, `${wanted} bytes`);
  const table = Buffer.alloc(CHECK * count);
  await reading(path, (file) => file.read(table, 0, table.length, count * each));
  if (sha256Of(table) !== checks) throw damaged(path, "changed since it was written", "the file that was packed");
  return async (indices, into) => {
    const pixels = into ?? new Uint8Array(indices.length * each);
    await reading(path, (file) =>
      inParallel(indices.length, async (i) => {
        const own = pixels.subarray(i * each, (i + 1) * each);
        await file.read(own, 0, each, indices[i]! * each);
        if (crc32(own) !== table.readUInt32LE(CHECK * indices[i]!)) {
          throw damaged(path, `damaged at image ${indices[i]!}`, "the file that was packed");
        }
      }),
    );
    return pixels;
  };
}

export async function reading<T>(
  path: string,
  use: (file: Awaited<ReturnType<typeof open>>) => Promise<T>,
): Promise<T> {
  const file = await open(path).catch((error: unknown) => {
    throw damaged(path, "not readable", "a file that can be read", error);
  });
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

export const damaged = (at: string, got: string, want: string, cause?: unknown): UserError =>
  new UserError(
    "data/pack",
    { at, got, want, fix: "Copy it again, or pack the pictures again: nestling data pack." },
    { cause },
  );
