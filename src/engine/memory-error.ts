/** Memory that is too small for a norm group: every engine says it in one way. */
import { UserError } from "../base/user-error.js";

/**
 * @param at whose memory
 * @param got what it is too small for, or what the library says
 */
export const outOfMemory = (at: string, got: string, cause?: unknown): UserError =>
  new UserError(
    "engine/memory",
    {
      at,
      got: `too small (${got})`,
      want: "memory for one norm group's whole step",
      fix: "Use a smaller --norm-group (auto takes one that should fit), or a smaller space or resolution.",
    },
    { cause },
  );

/**
 * An engine's part, whose methods throw or reject with another error where there is one for theirs.
 * @param errorFor the error to be thrown
 */
export function withErrors<Part extends object>(part: Part, errorFor: (error: unknown) => unknown): Part {
  const rethrow = (error: unknown): never => {
    throw errorFor(error);
  };
  const said =
    (method: (...given: unknown[]) => unknown) =>
    (...given: unknown[]): unknown => {
      try {
        const result = method(...given);
        return result instanceof Promise ? result.catch(rethrow) : result;
      } catch (error) {
        return rethrow(error);
      }
    };
  const methods = Object.entries(part).map(([name, method]) => [name, said(method as () => unknown)]);
  return Object.fromEntries(methods) as Part;
}
