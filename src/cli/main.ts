#!/usr/bin/env node
/** The command line as a process. */
import { UserError } from "../base/user-error.js";
import { reportError } from "./output.js";
import { runLine } from "./run-line.js";

// Whoever reads our output may leave at any time, as in `nestling doctor | head`: the work continues, in silence.
const hasLeft = (error: NodeJS.ErrnoException): boolean =>
  ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(error.code ?? "");
// A log on a full disk is no reason to end the work, and nobody reads it.
process.stderr.on("error", () => undefined);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (hasLeft(error)) return;
  const mistake = new UserError(
    "file/write",
    {
      at: "the output",
      got: `not writable (${error.code ?? "unknown"})`,
      want: "a place for it",
      fix: "Free some space, or send it elsewhere.",
    },
    { cause: error },
  );
  reportError(mistake, { json: false, debug: false });
  // Whatever the command finds afterwards.
  process.once("exit", () => (process.exitCode = 2));
});

await runLine(process.argv.slice(2));
