/**
 * A file of whole pictures, read by position: the pixels of each, one after the other; then, in 32-bit numbers, little-endian, for each its width, its
 * height, 1 if it was reduced, and the CRC-32 of each band of its rows.
 */
import { open, stat } from "node:fs/promises";
import { sha256Of } from "../../base/hash.js";
import type { Picture } from "../pictures/picture.js";
import { damaged, reading } from "./pixel-file.js";
import { bandsOf, checksOf, type StoredPicture } from "./stored-picture.js";

/** Numbers of a picture before those of its bands. */
const FACTS = 3;

export interface PictureWriter {
  append(picture: Picture, isReduced: boolean): Promise<void>;
  /** @returns bytes of all pixels, and SHA-256 of the table after them */
  finish(): Promise<{ readonly bytes: number; readonly table: string }>;
  close(): Promise<void>;
}

export async function pictureWriter(path: string): Promise<PictureWriter> {
  const file = await open(path, "w");
  const tables: Uint32Array[] = [];
  let bytes = 0;
  return {
    async append(picture, isReduced) {
      tables.push(Uint32Array.of(picture.width, picture.height, Number(isReduced), ...checksOf(picture)));
      bytes += picture.pixels.length;
      await file.writeFile(picture.pixels);
    },
    async finish() {
      const table = Buffer.concat(tables.map(({ buffer }) => new Uint8Array(buffer)));
      await file.writeFile(table);
      await file.sync();
      return { bytes, table: sha256Of(table) };
    },
    close: () => file.close(),
  };
}

export interface PictureFile {
  readonly path: string;
  readonly count: number;
  readonly channels: 1 | 3;
  /** As `finish` gave them. */
  readonly bytes: number;
  readonly table: string;
}

export interface OpenPictures {
  readonly at: (index: number) => StoredPicture;
  /** Whether one of them is not as it was decoded. */
  readonly isReduced: boolean;
}

/**
 * Opens a file of pictures.
 * @throws UserError `data/pack` where the file is cut or damaged
 */
export async function openPictures({ path, count, channels, bytes, table }: PictureFile): Promise<OpenPictures> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw damaged(path, "missing", "a file");
  if (found.size <= bytes) throw damaged(path, `${found.size} bytes long`, `more than ${bytes}`);
  const words = new Uint32Array((found.size - bytes) >> 2);
  const raw = new Uint8Array(words.buffer);
  await reading(path, (file) => file.read(raw, 0, raw.length, bytes));
  if (sha256Of(raw) !== table) throw damaged(path, "changed since it was written", "the file that was packed");
  const [rowOf, byteOf] = [new Float64Array(count), new Float64Array(count)];
  const factsAt = (row: number) => ({ channels, width: words[row]!, height: words[row + 1]! });
  let isReduced = false;
  for (let i = 0, row = 0, byte = 0; i < count; i++) {
    [rowOf[i], byteOf[i]] = [row, byte];
    isReduced ||= words[row + 2] === 1;
    const facts = factsAt(row);
    byte += facts.width * facts.height * channels;
    row += FACTS + bandsOf(facts);
  }
  const at = (index: number): StoredPicture => {
    const row = rowOf[index]!;
    const facts = factsAt(row);
    const checks = words.slice(row + FACTS, row + FACTS + bandsOf(facts));
    return { ...facts, path, at: byteOf[index]!, checks };
  };
  return { at, isReduced };
}
