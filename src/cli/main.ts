#!/usr/bin/env node
/** The command line as a process. */
import { runLine } from "./run-line.js";

// Whoever reads our output may leave at any time, as in `nestling doctor | head`: the work continues, in silence.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(error.code ?? "")) throw error;
  });
}

await runLine(process.argv.slice(2));
