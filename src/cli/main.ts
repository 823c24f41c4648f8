#!/usr/bin/env node
/** The command line: reads argv, runs one command, sets the exit code (0; 1 ours or a check that failed; 2 the user's mistake). */
import { CommanderError } from "commander";
import { reportError } from "./output.js";
import { program } from "./program.js";

// Whoever reads our output may leave at any time, as in `nestling doctor | head`: the work continues, in silence.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(error.code ?? "")) throw error;
  });
}

const flags = { json: process.argv.includes("--json"), debug: process.argv.includes("--debug") };
try {
  const root = await program(process.argv[2]);
  await root.parseAsync();
} catch (error) {
  // Commander has printed its own message; help and version are no mistakes.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(error, flags);
}
