/**
 * Images whose pixels at other resolutions than their own are kept, as bytes, while there is room: a search asks for the same ones for every
 * child. An image is prepared in one way whenever it happens, so what is kept never changes a result.
 */
import type { Images } from "./images.js";
import { kindOf } from "./pictures/make-pixels.js";
import type { Room } from "./pictures/room-in-memory.js";

export function keepingPrepared(images: Images, room: Room): Images {
  /** By kind of order, the pixels of each image that is kept. */
  const kept = new Map<string, Map<number, Uint8Array>>();
  return {
    ...images,
    async read(indices, resolution = images.height, evaluation, into) {
      if (resolution === images.height && !evaluation) return images.read(indices, undefined, undefined, into);
      const kind = kindOf({ resolution, evaluation });
      const known = kept.get(kind) ?? new Map<number, Uint8Array>();
      kept.set(kind, known);
      const bytes = resolution * resolution * images.channels;
      const all = into ?? new Uint8Array(indices.length * bytes);
      const missing: number[] = [];
      for (let place = 0; place < indices.length; place++) {
        const pixels = known.get(indices[place]!);
        if (pixels) all.set(pixels, place * bytes);
        else missing.push(place);
      }
      const prepared = await images.read(
        missing.map((place) => indices[place]!),
        resolution,
        evaluation,
      );
      missing.forEach((place, i) => {
        const pixels = prepared.subarray(i * bytes, (i + 1) * bytes);
        all.set(pixels, place * bytes);
        if (room.bytes < bytes || known.has(indices[place]!)) return;
        room.bytes -= bytes;
        known.set(indices[place]!, pixels.slice());
      });
      return all;
    },
  };
}
