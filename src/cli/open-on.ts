/** Opens a run for a command, which shows how far its pictures are read. */
import { openRun, type Run } from "../run/run.js";
import type { Output } from "./output.js";

export async function openOn(terminal: Output, folder: string, source?: string): Promise<Run> {
  const reading = terminal.reading();
  return openRun(folder, source, reading.update).finally(() => reading.stop());
}
