/** Processes of this machine. */
import { readFileSync } from "node:fs";

/** Whether a process of this machine still runs; one of another user counts as running, one that has ended and is not yet collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return fieldsOf(pid)?.[0] !== "Z";
}

/** When a process began, in the system's ticks; undefined where the system doesn't say. */
export const beginningOf = (pid: number): string | undefined => fieldsOf(pid)?.[19];

/** What Linux says of a process after its name, which is in brackets: the state is its first, the beginning its 20th. */
function fieldsOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
