/** What an engine on the CPU may use of this machine's memory. */
import { freeMemory } from "../base/free-memory.js";

/** Decoded pictures may take the other half (src/data/pictures/room-in-memory.ts). */
const SHARE = 0.5;

/** In bytes. */
export const freeForTraining = async (): Promise<number> => SHARE * (await freeMemory());
