/**
 * Images that are prepared from pictures when they are asked for, and kept while there is room. A picture is decoded and prepared in one way
 * wherever it happens, so what is kept never changes a result.
 */
import { inParallel } from "../../base/in-parallel.js";
import { machineLimit } from "../../base/machine-limit.js";
import { UserError } from "../../base/user-error.js";
import type { Images } from "../images.js";
import type { Entry } from "../sources/listing.js";
import { kindOf, type Wanted } from "./make-pixels.js";
import type { Picture } from "./picture.js";
import { pixelMaker } from "./picture-crew.js";
import type { Room } from "./room-in-memory.js";
import { unreadable } from "./unreadable.js";

export interface PictureOptions {
  /** Height = width in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly room: Room;
  /** Called with the bytes of each file that is read. */
  readonly onFile?: (index: number, bytes: Uint8Array) => void;
}

export function picturesAsImages(entries: readonly Entry[], { size, channels, room, onFile }: PictureOptions): Images {
  /** By kind of order, what is kept of each picture. */
  const kept = new Map<string, Map<number, Picture>>();
  const made = pixelMaker(entries.length);
  const pixelsOf = async (index: number, wanted: Wanted, into: Uint8Array): Promise<void> => {
    const known = kept.get(kindOf(wanted))?.get(index);
    if (known && "resolution" in wanted) {
      into.set(known.pixels);
      return;
    }
    return readingOf(index, async (entry) => {
      const source = known ?? (await fileOf(entry, index));
      const whole = await made({ source, channels, wanted, keepsUpTo: known ? 0 : room.bytes, into });
      if ("resolution" in wanted) keep(kindOf(wanted), index, squareOf(into, wanted.resolution), (own) => own.slice());
      else if (whole) keep(kindOf(wanted), index, whole);
    });
  };
  const wholeOf = (index: number): Promise<Picture> =>
    readingOf(index, async (entry) => {
      const order = { source: await fileOf(entry, index), channels, wanted: { enough: Infinity }, keepsUpTo: 0 };
      return (await made({ ...order, into: new Uint8Array(0) }))!;
    });
  const readingOf = async <T>(index: number, reading: (entry: Entry) => Promise<T>): Promise<T> => {
    const entry = entries[index]!;
    try {
      return await reading(entry);
    } catch (error) {
      throw machineLimit(error) ?? new UserError("data/unreadable", unreadable(entry, error), { cause: error });
    }
  };
  const squareOf = (pixels: Uint8Array, side: number): Picture => ({ width: side, height: side, channels, pixels });
  const fileOf = async (entry: Entry, index: number): Promise<Uint8Array> => {
    const file = await entry.read();
    onFile?.(index, file);
    return file;
  };
  const keep = (kind: string, index: number, picture: Picture, own = (pixels: Uint8Array) => pixels): void => {
    const ofKind = kept.get(kind) ?? new Map<number, Picture>();
    if (picture.pixels.length > room.bytes || ofKind.has(index)) return;
    room.bytes -= picture.pixels.length;
    kept.set(kind, ofKind.set(index, { ...picture, pixels: own(picture.pixels) }));
  };
  const readAll = async (
    indices: ArrayLike<number>,
    resolution: number,
    wantedOf: (index: number) => Wanted,
    into?: Uint8Array,
  ): Promise<Uint8Array> => {
    const bytes = resolution * resolution * channels;
    const all = into ?? new Uint8Array(indices.length * bytes);
    await inParallel(indices.length, (i) =>
      pixelsOf(indices[i]!, wantedOf(indices[i]!), all.subarray(i * bytes, (i + 1) * bytes)),
    );
    return all;
  };
  return {
    ...{ count: entries.length, height: size, width: size, channels },
    labels: Uint16Array.from(entries, ({ label }) => label),
    read: (indices, resolution = size, evaluation, into) =>
      readAll(indices, resolution, () => ({ resolution, ...(evaluation && { evaluation }) }), into),
    readParts(indices, parts, into) {
      // Training needs the whole pictures more often than anything needs what the survey kept.
      forget(kept, size, room);
      return readAll(indices, size, (index) => ({ parts, index, size }), into);
    },
    async readWhole(indices) {
      const wholes = Array<Picture>(indices.length);
      await inParallel(indices.length, async (i) => {
        wholes[i] = await wholeOf(indices[i]!);
      });
      return wholes;
    },
  };
}

/** Gives back the room of the pictures that are kept at a resolution. */
function forget(kept: Map<string, ReadonlyMap<number, Picture>>, resolution: number, room: Room): void {
  const kind = kindOf({ resolution });
  for (const { pixels } of kept.get(kind)?.values() ?? []) room.bytes += pixels.length;
  kept.delete(kind);
}
