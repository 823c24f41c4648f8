/** How much of the memory there is may hold pixels. */
import { freeMemory } from "../../base/free-memory.js";
import { UserError } from "../../base/user-error.js";

/** Where pixels lie once a picture was decoded: all in memory, or none; by default as many as there is room for. */
type ImagesIn = "memory" | "stream";

/** Bytes that may still be kept. The parts of a data set share them. */
export interface Room {
  bytes: number;
}

/** Memory that threads, engine and what is being read take whatever the data set. */
const RESERVE = 256 * 2 ** 20;
/** Share of the memory beyond that which pixels take by default. */
const SHARE = 0.5;
/** Share that they take at most: weights, gradients and the engine need some too. */
const MOST = 0.8;

/**
 * @param pictures of the data set
 * @param each bytes of one at the largest resolution
 * @param free memory in bytes
 * @throws UserError `data/memory` where all are to be kept and don't fit
 */
export async function roomFor(
  pictures: number,
  each: number,
  where: ImagesIn | undefined,
  free?: number,
): Promise<Room> {
  if (where === "stream") return { bytes: 0 };
  if (where === undefined) return anyRoom(free);
  const there = free ?? (await freeMemory());
  const needed = pictures * each;
  if (needed <= MOST * there) return { bytes: needed };
  throw new UserError("data/memory", {
    at: "the data set",
    got: `${pictures} pictures of ${each} bytes each, ${sizeOf(needed)} decoded`,
    want: `at most ${sizeOf(MOST * there)}, 80 % of the ${sizeOf(there)} that are free`,
    fix: "Leave --images out: as many are kept as there is room for, with the same result.",
  });
}

/**
 * Room for as many images as fit by default.
 * @param free memory in bytes
 */
export const anyRoom = async (free?: number): Promise<Room> => ({
  bytes: Math.max(0, Math.floor(SHARE * ((free ?? (await freeMemory())) - RESERVE))),
});

function sizeOf(bytes: number): string {
  const giga = bytes / 2 ** 30;
  return giga >= 0.95 ? `${giga.toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
