/**
 * A client's connection to an agent: it signs what it asks, asks again where the agent is busy or away for a while, and turns refusals
 * into the user's errors. Every request may be sent twice: none does more than once what it says.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError, type ErrorCode } from "../../base/user-error.js";
import { type Exchange, type HttpClient } from "./http-client.js";
import { PROTOCOL, PROTOCOL_HEADER, type Hello, type Refusal } from "./protocol.js";
import { authorization, newNonce } from "./signature.js";

export interface Connection {
  /** @throws UserError where the agent refuses, is away, or is none */
  ask(method: string, path: string, options?: AskOptions): Promise<Uint8Array>;
  /** As `ask`, for an answer in JSON; the agent is trusted with its shape. */
  askJson<T>(method: string, path: string, options?: AskOptions): Promise<T>;
  close(): void;
}

export interface AskOptions {
  readonly body?: Uint8Array;
  /** false: an agent that is away is reported at once. */
  readonly patient?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectionOptions {
  /** Names the agent in errors. */
  readonly name: string;
  readonly token: string;
  /** How long an agent that was there may be away, in ms. */
  readonly awayMs: number;
  /** Called with a sentence where it waits. */
  readonly onWait?: ((reason: string) => void) | undefined;
}

/** Who the agent is: open to anyone. */
const WHO = "/v1/agent";
/** Longer than an agent lets any call take. */
const ANSWER_MS = 150_000;
/** An agent that is silent for longer is said to be, and asked who it is: no call but loading and timing large models takes so long. */
const SILENT_MS = 5000;
/** Who it is an agent says at once, whatever it measures. One that doesn't is gone: its host lost power or network. */
const ALIVE_MS = 15_000;
/** Too many models in a minute: asked again so often at least, since a session that asks for nothing ends. */
const ASK_AGAIN_MS = 5000;
/** At first contact: a name that is wrong shows soon. */
const FIRST_MS = 3000;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 2000];

export function connection(http: HttpClient, options: ConnectionOptions): Connection {
  const { name, token, awayMs, onWait } = options;
  /** Its id, and how far its clock is ahead of this machine's. */
  let known: { readonly id: string; readonly aheadMs: number } | undefined;
  let wasThere = false;
  const keep = ({ id, now }: Hello): void => {
    known = { id, aheadMs: now - Date.now() };
  };

  const exchange = async (
    method: string,
    path: string,
    { body, patient = true, signal }: AskOptions,
    { headers, withinMs }: { readonly headers: () => Record<string, string>; readonly withinMs: number },
  ): Promise<Exchange> => {
    const began = performance.now();
    for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      signal?.throwIfAborted();
      const attempt = new AbortController();
      const endWatch = watchSilence(http, Math.min(ALIVE_MS, awayMs), {
        onSilent: () => onWait?.(`${name} has not answered for ${SILENT_MS / 1000} s; waiting for it`),
        onGone: (error) => attempt.abort(error),
      });
      try {
        const found = await http.exchange(method, path, {
          headers: headers(),
          ...{ withinMs, signal: attempt.signal },
          ...(body && { body }),
        });
        refuseOthers(found, name);
        wasThere = true;
        return found;
      } catch (error) {
        if (error instanceof UserError) throw error;
        if (isAboutCertificates(error)) throw untrusted(name, error);
        const allowedMs = patient ? (wasThere ? awayMs : Math.min(FIRST_MS, awayMs)) : 0;
        if (performance.now() - began > allowedMs) {
          // How an agent ends a handshake with a caller whose certificate it doesn't trust.
          const isCutOff = http.isTls && !wasThere && (error as NodeJS.ErrnoException).code === "ECONNRESET";
          throw isCutOff ? untrusted(name, error) : away(name, error, allowedMs, wasThere);
        }
        onWait?.(`${name} is away; trying again for ${Math.round(allowedMs / 1000)} s`);
        await sleep(pauseMs, undefined, { signal });
      } finally {
        endWatch();
      }
    }
  };

  const hello = async ({ patient, signal }: AskOptions): Promise<Hello> => {
    const without = { ...(patient !== undefined && { patient }), signal };
    const { status, body } = await exchange("GET", WHO, without, { headers: () => ({}), withinMs: ALIVE_MS });
    if (status !== 200) throw new Error(`${name}: ${refusalOf(body, status).error.message}`);
    return JSON.parse(new TextDecoder().decode(body)) as Hello;
  };

  const signed = (method: string, path: string, options: AskOptions): Promise<Exchange> => {
    const body = createHash("sha256")
      .update(options.body ?? "")
      .digest("hex");
    const headers = (): Record<string, string> => {
      const { id, aheadMs } = known!;
      const claim = { method, path, agent: id, date: Date.now() + aheadMs, nonce: newNonce(), body };
      return { authorization: authorization(token, claim) };
    };
    return exchange(method, path, options, { headers, withinMs: ANSWER_MS });
  };

  const ask = async (method: string, path: string, options: AskOptions = {}): Promise<Uint8Array> => {
    if (!known) keep(await hello(options));
    let told: string | undefined;
    for (let staleTimes = 0; ;) {
      const { status, headers, body } = await signed(method, path, options);
      if (status < 300) return body;
      const { error, hello: renewed } = refusalOf(body, status);
      const wait = Number(headers["retry-after"]);
      if (status === 429 && wait > 0) {
        if (told !== error.code) onWait?.(`${name}: ${error.message}`);
        told = error.code;
        await sleep(Math.min(1000 * wait, ASK_AGAIN_MS), undefined, { signal: options.signal });
      } else if (renewed && staleTimes++ === 0) {
        keep(renewed);
      } else if (error.code !== undefined && error.problems.length > 0) {
        throw new UserError(error.code as ErrorCode, error.problems);
      } else {
        throw new Error(`${name}: ${error.message}`);
      }
    }
  };
  return {
    ask,
    askJson: async <T>(method: string, path: string, options?: AskOptions) =>
      JSON.parse(new TextDecoder().decode(await ask(method, path, options))) as T,
    close: () => http.close(),
  };
}

/**
 * While a request is not answered, asks now and then who the agent is.
 * @param withinMs that this may take
 * @returns ends it
 */
function watchSilence(
  http: HttpClient,
  withinMs: number,
  { onSilent, onGone }: { readonly onSilent: () => void; readonly onGone: (error: unknown) => void },
): () => void {
  let isOver = false;
  const look = (): void => {
    http.exchange("GET", WHO, { withinMs }).then(
      () => {
        if (!isOver) timer = setTimeout(look, SILENT_MS);
      },
      (error: unknown) => {
        if (!isOver) onGone(error);
      },
    );
  };
  let timer = setTimeout(() => {
    onSilent();
    look();
  }, SILENT_MS);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function refusalOf(body: Uint8Array, status: number): Refusal {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as Refusal;
  } catch {
    return { error: { message: `it answers with status ${status}`, problems: [] } };
  }
}

/** Every answer of an agent has its protocol's number. */
function refuseOthers({ status, headers, body }: Exchange, name: string): void {
  const found = headers[PROTOCOL_HEADER];
  if (found === `${PROTOCOL}`) return;
  // Node's own answer to a request that it can't read, or that is too slow.
  if (found === undefined && status >= 400 && body.length === 0) throw new Error(`status ${status}`);
  const got = found === undefined ? "no agent of nestling" : `an agent of protocol ${String(found)}`;
  throw new UserError("target/protocol", {
    at: name,
    got,
    want: `an agent of protocol ${PROTOCOL}`,
    fix: found === undefined ? "Check the address." : "Install the same version of nestling on both machines.",
  });
}

const isAboutCertificates = (error: unknown): boolean => {
  const { code = "" } = error as NodeJS.ErrnoException;
  return /CERT|SELF_SIGNED|UNABLE_TO|^EPROTO$|^ERR_(TLS|SSL)/.test(code);
};

/** What Node says of a handshake, and what to do. */
const handshakes: readonly (readonly [RegExp, string])[] = [
  [/wrong version number/, "The agent speaks no TLS: write http:// instead of https://."],
  [/CERT_HAS_EXPIRED/, "Give the agent a new certificate, or set this machine's clock."],
  [/ALTNAME/, "Write the address as the certificate has it, or give the agent a certificate for this one."],
];

function untrusted(name: string, cause: unknown): UserError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const said = `${code}: ${message.split("\n")[0]!.trim()}`;
  const fix =
    handshakes.find(([pattern]) => pattern.test(said))?.[1] ??
    "Give the authority that signed the agent's certificate, and your own certificate and key where it asks for them.";
  const want = "certificates that both sides trust";
  return new UserError("target/certificate", { at: name, got: `refused (${said})`, want, fix }, { cause });
}

const away = (name: string, cause: unknown, allowedMs: number, wasThere: boolean): UserError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  // How an agent that speaks TLS ends a request that speaks none.
  const isCut = !wasThere && code === "ECONNRESET";
  return new UserError(
    "target/away",
    {
      at: name,
      got: `${wasThere ? "gone" : "not reachable"} (${code ?? message}; tried for ${Math.round(allowedMs / 1000)} s)`,
      want: "an agent that answers",
      fix: isCut
        ? "Where the agent has a certificate, write https:// instead of http://."
        : "Start `nestling agent` there, and check address, port and firewall.",
    },
    { cause },
  );
};
