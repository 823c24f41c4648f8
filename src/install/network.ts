/** What a failed request means to the user. */
import { UserError } from "../base/user-error.js";

export const unreachable = (url: string, got: string, cause?: unknown): UserError =>
  new UserError(
    "engine/network",
    {
      at: url,
      got,
      want: "an answer",
      fix: "Run the command again, it goes on where it stopped; or name a mirror by --index or PIP_INDEX_URL.",
    },
    { cause },
  );

/** Runs a request; its failures are `engine/network`. */
export const tried = <T>(request: () => Promise<T>, url: string): Promise<T> =>
  request().catch((error: unknown) => {
    throw unreachable(url, `not reachable (${reasonOf(error)})`, error);
  });

/** fetch says "fetch failed" and puts the reason behind it. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
}
