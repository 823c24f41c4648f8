/** Whether decoded pictures fit this machine's memory, asked before the first is decoded. */
import { constants } from "node:buffer";
import { freeMemory } from "../base/free-memory.js";
import { UserError } from "../base/user-error.js";

/** Part of the free memory that pictures may take: weights, gradients and the engine need some too. */
const SHARE = 0.8;

/**
 * @param count of pictures
 * @param bytes of one, decoded
 * @param free memory in bytes
 * @throws UserError `data/memory` that says what is needed, what there is and the way out
 */
export async function checkFitsMemory(count: number, bytes: number, free?: number): Promise<void> {
  const needed = count * bytes;
  const there = free ?? (await freeMemory());
  const most = Math.min(SHARE * there, constants.MAX_LENGTH);
  if (needed <= most) return;
  const limit =
    most === constants.MAX_LENGTH ? "an array of this Node.js holds" : `80 % of the ${sizeOf(there)} that are free`;
  throw new UserError("data/memory", {
    at: "the data set",
    got: `${count} pictures of ${bytes} bytes each, ${sizeOf(needed)} decoded`,
    want: `at most ${sizeOf(most)}, ${limit}`,
    fix: "Use smaller resolutions in the space, fewer pictures, or a machine or container with more memory.",
  });
}

function sizeOf(bytes: number): string {
  const giga = bytes / 2 ** 30;
  return giga >= 0.95 ? `${giga.toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
