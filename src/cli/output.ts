/** How commands speak: results on stdout (text, or one JSON object), everything else on stderr. */
import { SingleBar } from "cli-progress";
import { machineLimit } from "../base/machine-limit.js";
import { UserError } from "../base/user-error.js";

export interface Output {
  /** The command's result: an object for --json, text for people. */
  result(value: object, text: string): void;
  /** A line for people while a command works. */
  note(line: string): void;
  progress(label: string): Progress;
  /** Progress while pictures are read. Few sets take long: a log has lines only of those that do. */
  reading(): Progress;
}

export interface Progress {
  readonly update: (done: number, total: number, detail?: string) => void;
  readonly stop: () => void;
}

export const noProgress: Progress = { update: () => undefined, stop: () => undefined };

/** Plain progress lines come at least this far apart. */
const LINE_MS = 5000;

export function output(json: boolean): Output {
  const note = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  return {
    note,
    result(value, text) {
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
    },
    progress: (label) => (drawsBars() ? bar(label) : lines(label, note)),
    reading: () => (drawsBars() ? bar("read") : linesIfLong("read", note)),
  };
}

/** A terminal that moves its cursor; those of editors and of some logs are dumb, and say so. */
const drawsBars = (): boolean => process.stderr.isTTY && !["dumb", ""].includes(process.env["TERM"] ?? "unset");

function bar(label: string): Progress {
  const inner = new SingleBar({
    format: `${label} {bar} {value}/{total} {detail} ({eta_formatted} left)`,
    barsize: 24,
    stream: process.stderr,
    etaBuffer: 50,
    // Switched off, it would stay so where a command is interrupted.
    linewrap: true,
  });
  let started = false;
  return {
    update(done, total, detail = "") {
      if (!started) inner.start(total, done, { detail });
      else inner.update(done, { detail });
      started = true;
    },
    stop() {
      if (started) inner.stop();
    },
  };
}

function lines(label: string, note: (line: string) => void): Progress {
  let last = 0;
  return {
    update(done, total, detail = "") {
      const now = performance.now();
      if (now - last < LINE_MS && done < total) return;
      last = now;
      note(`${label} ${done}/${total} ${detail}`);
    },
    stop: () => undefined,
  };
}

/** Without a line in the first seconds, and without one for the end. */
function linesIfLong(label: string, note: (line: string) => void): Progress {
  let last = performance.now();
  return {
    update(done, total) {
      const now = performance.now();
      if (now - last < LINE_MS) return;
      last = now;
      note(`${label} ${done}/${total}`);
    },
    stop: () => undefined,
  };
}

/** Prints what went wrong, after `prefix`; returns the exit code: 2 for the user's mistakes, 1 for ours. */
export function reportError(
  thrown: unknown,
  { json, debug, prefix = "" }: { json: boolean; debug: boolean; prefix?: string },
): 1 | 2 {
  const error = machineLimit(thrown) ?? thrown;
  const mistake = error instanceof UserError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const problems = mistake ? error.problems : [];
    process.stdout.write(
      `${JSON.stringify({ error: { code: mistake ? error.code : "internal", message, problems } })}\n`,
    );
  }
  let text = `${prefix}${mistake ? "" : "nestling failed: "}${message}\n`;
  if (!mistake && !debug) text += "Run it again with --debug to see where.\n";
  if (debug && error instanceof Error) text += `${error.stack ?? ""}\n${causeOf(error)}`;
  // One write: mpirun puts what other processes say between two.
  process.stderr.write(text);
  return mistake ? 2 : 1;
}

function causeOf({ cause }: Error): string {
  if (cause instanceof Error) return `caused by ${cause.stack ?? cause.message}\n`;
  return typeof cause === "string" ? `caused by ${cause}\n` : "";
}
