/** A client's session on an agent: its turn in the queue, and the inputs that the agent keeps for it. */
import { UserError } from "../../base/user-error.js";
import { sha256Of } from "../../base/hash.js";
import type { AskOptions, Connection } from "./connection.js";
import type { SessionRequest, SessionState } from "./protocol.js";

export interface RemoteSession {
  /** Waits for its turn. */
  begin(): Promise<void>;
  /** false once the agent has ended it, or has been started again. */
  isOpen(): Promise<boolean>;
  /** `path` is below the session's. */
  ask(method: string, path: string, options?: AskOptions): Promise<Uint8Array>;
  askJson<T>(method: string, path: string, options?: AskOptions): Promise<T>;
  postJson<T>(path: string, value: object, signal?: AbortSignal): Promise<T>;
  /** Frees what is at the path; what is gone already is as good. */
  free(path: string): Promise<void>;
  /** Passes the inputs' hashes to `use`, and sends what the agent doesn't keep. */
  withInputs<T>(inputs: readonly Float32Array[], use: (hashes: readonly string[]) => Promise<T>): Promise<T>;
}

interface Parts {
  readonly id: string;
  readonly wanted: SessionRequest;
  readonly name: string;
  readonly onWait?: ((reason: string) => void) | undefined;
}

/** The agent answers after so many seconds even if nothing has changed: soon enough not to look as if it were away. */
const WAIT_SECONDS = 3;

export function remoteSession(connection: Connection, { id, wanted, name, onWait }: Parts): RemoteSession {
  const at = `/v1/sessions/${id}`;
  const bytesOf = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  let begun: Promise<void> | undefined;
  const wait = async (): Promise<void> => {
    let state = await connection.askJson<SessionState>("PUT", at, { body: bytesOf(wanted) });
    while (state.state === "waiting") {
      onWait?.(`${name}: ${state.ahead} session${state.ahead > 1 ? "s" : ""} ahead`);
      state = await connection.askJson<SessionState>("GET", `${at}?wait=${WAIT_SECONDS}`);
    }
  };
  /** Hashes of inputs, so that what was sent once is not sent again. */
  const sent = new Set<string>();
  const session: RemoteSession = {
    begin: () => (begun ??= wait()),
    isOpen: () =>
      connection.ask("GET", at).then(
        () => true,
        (error: unknown) => {
          if (isOver(error)) return false;
          throw error;
        },
      ),
    ask: (method, path, options) => connection.ask(method, at + path, options),
    askJson: (method, path, options) => connection.askJson(method, at + path, options),
    postJson: (path, value, signal) => connection.askJson("POST", at + path, { body: bytesOf(value), signal }),
    async free(path) {
      await connection.ask("DELETE", at + path, { patient: false }).catch((error: unknown) => {
        if (!isOver(error) && !(error instanceof UserError && error.code === "target/away")) throw error;
      });
    },
    async withInputs(inputs, use) {
      const names = inputs.map((input) => sha256Of(asBytes(input)));
      const send = async (): Promise<void> => {
        for (const [i, sha256] of names.entries()) {
          if (sent.has(sha256)) continue;
          await session.ask("PUT", `/inputs/${sha256}`, { body: asBytes(inputs[i]!) });
          sent.add(sha256);
        }
      };
      await send();
      try {
        return await use(names);
      } catch (error) {
        // It made room for others since.
        if (!(error instanceof UserError && error.code === "target/input")) throw error;
        for (const sha256 of names) sent.delete(sha256);
        await send();
        return use(names);
      }
    },
  };
  return session;
}

const isOver = (error: unknown): boolean =>
  error instanceof UserError && ["target/session", "target/ended"].includes(error.code);

const asBytes = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
