/**
 * How a request proves that its sender has the token, without sending it: HMAC-SHA256 over what is asked, when, and of which agent. The
 * agent's id is drawn when it starts, so what was sent to another agent, or before a restart, is worth nothing here.
 *
 *   authorization: Nestling agent=…, date=…, nonce=…, body=…, signature=…
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What a signature vouches for. */
export interface Claim {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The agent's id. */
  readonly agent: string;
  /** Milliseconds since 1970, by the sender. */
  readonly date: number;
  /** 32 hexadecimal digits, never used before. */
  readonly nonce: string;
  /** SHA-256 of the body, in hexadecimal digits. */
  readonly body: string;
}

export const newNonce = (): string => randomBytes(16).toString("hex");

const signatureOf = (token: string, { method, path, agent, date, nonce, body }: Claim): Buffer =>
  createHmac("sha256", token).update([method, path, agent, date, nonce, body].join("\n")).digest();

/** The header that proves a claim. */
export const authorization = (token: string, claim: Claim): string => {
  const { agent, date, nonce, body } = claim;
  const signature = signatureOf(token, claim).toString("hex");
  return `Nestling agent=${agent}, date=${date}, nonce=${nonce}, body=${body}, signature=${signature}`;
};

const pattern =
  /^Nestling agent=([0-9a-f]{32}), date=(\d{1,15}), nonce=([0-9a-f]{32}), body=([0-9a-f]{64}), signature=([0-9a-f]{64})$/;

/** What a request claims, not yet proved; undefined where the header is missing or malformed. */
export function readAuthorization(
  header: string | undefined,
  method: string,
  path: string,
): { readonly claim: Claim; readonly signature: string } | undefined {
  const [, agent, date, nonce, body, signature] = pattern.exec(header ?? "") ?? [];
  if (!agent || !date || !nonce || !body || !signature) return undefined;
  return { claim: { method, path, agent, date: Number(date), nonce, body }, signature };
}

/** Takes as long for a right signature as for a wrong one. */
export const isProved = (token: string, claim: Claim, signature: string): boolean =>
  timingSafeEqual(signatureOf(token, claim), Buffer.from(signature, "hex"));
