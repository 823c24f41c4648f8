/** One command line: runs its command and sets the exit code (0; 1 ours or a check that failed; 2 the user's mistake). */
import { CommanderError } from "commander";
import { reportError } from "./output.js";
import { program } from "./program.js";

/** @param words what follows the program's name */
export async function runLine(words: readonly string[]): Promise<void> {
  const flags = { json: words.includes("--json"), debug: words.includes("--debug") };
  try {
    const root = await program(words[0]);
    await root.parseAsync(words, { from: "user" });
  } catch (error) {
    // Commander has printed its own message; help and version are no mistakes.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else process.exitCode = reportError(error, flags);
  }
}
