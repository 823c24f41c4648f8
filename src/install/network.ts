/** What a failed request means to the user. */
import { reasonOf } from "../base/download.js";
import { UserError } from "../base/user-error.js";

export const networkFix =
  "Run the command again: it resumes where it stopped. Or name a mirror by --index or PIP_INDEX_URL.";

export const unreachable = (url: string, got: string, cause?: unknown): UserError =>
  new UserError(
    "engine/network",
    {
      at: url,
      got,
      want: "an answer",
      fix: networkFix,
    },
    { cause },
  );

/** Runs a request; its failures are `engine/network`. */
export const tried = <T>(request: () => Promise<T>, url: string): Promise<T> =>
  request().catch((error: unknown) => {
    throw unreachable(url, `not reachable (${reasonOf(error)})`, error);
  });
