/** Runs one command without a shell, and says which one failed and what it printed last. */
import { execFile } from "node:child_process";
import { UserError } from "../../base/user-error.js";

/** What stands for `{model}` and the others in a command's arguments. */
export type Words = Readonly<Record<string, string>>;

/** @throws UserError `target/command` for a word that there isn't */
export const filled = (command: readonly string[], words: Words): string[] =>
  command.map((argument) =>
    argument.replace(/\{(\w+)\}/g, (written, word: string) => {
      const value = words[word];
      if (value !== undefined) return value;
      const want = Object.keys(words).map((known) => `{${known}}`);
      const fix = `Correct the argument ${argument}.`;
      throw new UserError("target/command", { at: command.join(" "), got: written, want: want.join(", "), fix });
    }),
  );

const MAX_OUTPUT = 64 * 2 ** 20;

/**
 * What a command prints on both streams, in that order.
 * @param target names the target in errors
 * @throws UserError `target/command` where it can't be started, fails, or takes too long
 */
export async function outputOf(
  target: string,
  [program, ...args]: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string> {
  const options = {
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT,
    killSignal: "SIGKILL",
    ...(signal && { signal }),
  } as const;
  return new Promise((resolve, reject) => {
    execFile(program!, args, options, (error, stdout, stderr) => {
      if (!error) {
        resolve(stdout + stderr);
        return;
      }
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const { code, killed, signal: by } = error as { code?: number | string; killed?: boolean; signal?: string };
      const said = lastLine(stderr) || lastLine(stdout);
      const how =
        code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
          ? `printing more than ${MAX_OUTPUT / 2 ** 20} MiB`
          : killed
            ? `still running after ${timeoutMs / 1000} s`
            : typeof code === "number"
              ? `ended with code ${code}`
              : by
                ? `ended by ${by}`
                : `not started (${String(code)})`;
      const fix = `Run it: ${[program, ...args].join(" ")}`;
      const got = said ? `${how}: ${said}` : how;
      const at = `target ${target}: ${program}`;
      reject(
        new UserError("target/command", { at, got, want: "a command that ends with code 0", fix }, { cause: error }),
      );
    });
  });
}

/** The last line that holds anything. */
export const lastLine = (text: string): string => text.trim().split("\n").at(-1)!.trim().slice(0, 200);
