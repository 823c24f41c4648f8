/**
 * Images that are prepared from pictures when they are asked for, and kept while there is room. A picture is decoded and prepared in one way
 * wherever it happens, so what is kept never changes a result.
 */
import { inParallel } from "../base/in-parallel.js";
import { UserError } from "../base/user-error.js";
import { decodePicture } from "./decode-picture.js";
import type { Images } from "./images.js";
import type { Entry } from "./listing.js";
import { preparedByCrew } from "./picture-crew.js";
import { prepare } from "./preprocessing.js";
import type { Room } from "./room-in-memory.js";
import { unreadable } from "./unreadable.js";

/** Fewer pictures are decoded before other threads have started. */
const FEW = 200;

export interface PictureOptions {
  /** Height = width in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly room: Room;
  /** Called with the bytes of each file that is read. */
  readonly onFile?: (index: number, bytes: Uint8Array) => void;
}

export function picturesAsImages(entries: readonly Entry[], { size, channels, room, onFile }: PictureOptions): Images {
  /** By resolution, the pixels of each picture that is kept. */
  const kept = new Map<number, Map<number, Uint8Array>>();
  const prepared = entries.length < FEW ? preparedHere : preparedByCrew;
  const pixelsOf = async (index: number, resolution: number): Promise<Uint8Array> => {
    const known = kept.get(resolution)?.get(index);
    if (known) return known;
    const entry = entries[index]!;
    try {
      const file = await entry.read();
      onFile?.(index, file);
      const pixels = await prepared(file, channels, resolution);
      keep(index, resolution, pixels);
      return pixels;
    } catch (error) {
      throw new UserError("data/unreadable", unreadable(entry, error), { cause: error });
    }
  };
  const keep = (index: number, resolution: number, pixels: Uint8Array): void => {
    const ofResolution = kept.get(resolution) ?? new Map<number, Uint8Array>();
    if (pixels.length > room.bytes || ofResolution.has(index)) return;
    room.bytes -= pixels.length;
    kept.set(resolution, ofResolution.set(index, pixels));
  };
  return {
    ...{ count: entries.length, height: size, width: size, channels },
    labels: Uint16Array.from(entries, ({ label }) => label),
    async read(indices, resolution = size) {
      const bytes = resolution * resolution * channels;
      const all = new Uint8Array(indices.length * bytes);
      await inParallel(indices.length, async (i) => all.set(await pixelsOf(indices[i]!, resolution), i * bytes));
      return all;
    },
  };
}

const preparedHere = async (bytes: Uint8Array, channels: 1 | 3, resolution: number): Promise<Uint8Array> =>
  prepare(await decodePicture(bytes, channels), resolution);
