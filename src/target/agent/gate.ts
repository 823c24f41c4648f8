/** Who may ask: only who has the token, only now, and each request only once. Decided from the headers, before a body is read. */
import { randomBytes } from "node:crypto";
import { UserError } from "../../base/user-error.js";
import { HttpError } from "./http-error.js";
import { isProved, readAuthorization } from "./signature.js";

export interface Gate {
  /** Drawn when the agent starts. */
  readonly id: string;
  /**
   * @returns SHA-256 that the body must have
   * @throws HttpError 401
   */
  check(header: string | undefined, method: string, path: string): string;
}

/** How far a sender's clock may be off. The sender learns this agent's clock from the refusal. */
const WINDOW_MS = 60_000;

export function gate(token: string, now: () => number = Date.now): Gate {
  const id = randomBytes(16).toString("hex");
  /** Nonces of this window and of the one before: no older date is let in. */
  let [recent, before] = [new Set<string>(), new Set<string>()];
  let turnedAt = now();
  const remember = (nonce: string): boolean => {
    if (now() - turnedAt > 2 * WINDOW_MS) {
      [recent, before] = [new Set(), recent];
      turnedAt = now();
    }
    if (recent.has(nonce) || before.has(nonce)) return false;
    recent.add(nonce);
    return true;
  };
  return {
    id,
    check(header, method, path) {
      const read = readAuthorization(header, method, path);
      if (!read) throw denied("a request without a signature", "a request that the agent's token signs");
      const { claim, signature } = read;
      // Said to anyone: a caller with a wrong clock, or from before a restart, signs anew.
      if (claim.agent !== id || Math.abs(claim.date - now()) > WINDOW_MS) throw stale();
      if (!isProved(token, claim, signature)) throw denied("signed with another token", "the token of this agent");
      if (!remember(claim.nonce)) throw replayed();
      return claim.body;
    },
  };
}

const denied = (got: string, want: string): HttpError =>
  new HttpError(
    401,
    new UserError("target/token", {
      at: "the token",
      got,
      want,
      fix: "Copy the token that `nestling agent` showed, or its file, to this machine.",
    }),
  );

const stale = (): HttpError =>
  new HttpError(
    401,
    new UserError("target/stale", {
      at: "the request",
      got: "from another minute, or for an agent that has since been started again",
      want: "a request of now, for this agent",
      fix: "Sign it anew, with the agent's id and clock as `GET /v1/agent` shows them.",
    }),
  );

const replayed = (): HttpError =>
  new HttpError(
    401,
    new UserError("target/replayed", {
      at: "the request",
      got: "replayed: its nonce was used before",
      want: "a nonce of its own for each request",
      fix: "Someone else may have sent it again; if it was you, draw a new nonce.",
    }),
  );
