/** A refusal with its HTTP status. */
import type { UserError } from "../../base/user-error.js";

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly mistake: UserError,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(mistake.message);
  }
}
