/** The target of a device agent: another machine, or this one through its agent. */
import { randomUUID, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { readUserBytes } from "../../base/user-file.js";
import { UserError } from "../../base/user-error.js";
import type { Environment } from "../environment.js";
import { loadedModels } from "../loaded-models.js";
import type { Placement } from "../placement.js";
import type { LoadedModel, Target } from "../target.js";
import { connection, type Connection } from "./connection.js";
import { httpClient } from "./http-client.js";
import { decodeOutputs } from "./outputs.js";
import type { SessionRequest } from "./protocol.js";
import { remoteSession, type RemoteSession } from "./remote-session.js";
import { remoteRounds } from "./remote-rounds.js";
import { readToken } from "./token.js";

/** A device agent, and how models run there. */
export interface AgentTargetOptions {
  /** `https://host:port`, or `http://localhost:port`. */
  readonly url: string;
  /** The target's name; by default the address, and what differs from the defaults. */
  readonly name?: string | undefined;
  /** File with the agent's token. */
  readonly tokenFile?: string | undefined;
  /** The token itself, instead of a file. */
  readonly token?: string | undefined;
  /** File in PEM: who signed the agent's certificate, where this machine doesn't know them. */
  readonly ca?: string | undefined;
  /** Files in PEM: the caller's own certificate and key, where the agent asks for them. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** onnxruntime's intra-op threads: 1 by default, 0 for all cores. */
  readonly threads?: number | undefined;
  /** onnxruntime's execution provider: `cpu` by default. */
  readonly provider?: string | undefined;
  /** Folder of the device's latency profiles; none by default. */
  readonly profiles?: string | undefined;
  /** How long an agent that has answered may be away before it is reported, in ms: a minute by default. */
  readonly awayMs?: number | undefined;
  /** Called with a sentence where the target waits: for its turn, for an agent that is away. */
  readonly onWait?: ((reason: string) => void) | undefined;
}

/**
 * Connects at first use. Its session on the agent begins with the first model; one that ended while no model was loaded is begun anew.
 * @throws UserError `target/address`; from its methods `target/away`, `target/token`, `target/protocol`, `target/certificate`,
 *   `target/refused`, `target/limits`, `target/session`, `target/ended`
 */
export function agentTarget(options: AgentTargetOptions): Target {
  const { threads = 1, provider = "cpu" } = options;
  const url = addressOf(options.url);
  const special = { ...(threads !== 1 && { threads }), ...(provider !== "cpu" && { provider }) };
  const name =
    options.name ?? [url.origin, ...Object.entries(special).map(([key, value]) => `${key}=${value}`)].join(":");
  const wanted: SessionRequest = { threads, provider };
  const models = loadedModels(name);
  const ids = new WeakMap<LoadedModel, number>();
  let nextModel = 0;
  let connected: Promise<Connection> | undefined;
  let session: RemoteSession | undefined;
  const connect = (): Promise<Connection> => (connected ??= connectionTo(url, name, options));

  const openSession = async (): Promise<RemoteSession> => {
    // While models are loaded, theirs is the only one that will do.
    if (session && (models.count > 0 || (await session.isOpen()))) return session;
    return (session = remoteSession(await connect(), { id: randomUUID(), wanted, onWait: options.onWait, name }));
  };
  /** One after the other, so that two models that load at once share a session. */
  let opening: Promise<RemoteSession | undefined> = Promise.resolve(undefined);
  const ofSession = (): Promise<RemoteSession> => {
    const opened = opening.then(openSession);
    opening = opened.catch(() => undefined);
    return opened;
  };
  const target: Target = {
    name,
    profiles: options.profiles,
    get nowMs() {
      return performance.now();
    },
    environment: async () =>
      (await connect()).askJson<Environment>("GET", `/v1/environment?threads=${threads}&provider=${provider}`),
    async load(bytes) {
      const id = nextModel++;
      const model = await models.add(async () => {
        const at = await ofSession();
        await at.begin();
        const { loadMs } = await at.askJson<{ loadMs: number }>("PUT", `/models/${id}`, { body: bytes });
        return {
          loadMs,
          async run(input, dims) {
            const body = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
            return decodeOutputs(await at.ask("POST", `/models/${id}/run?dims=${dims.join(",")}`, { body }));
          },
          async time(input, dims, runs) {
            const { times } = await at.withInputs([input], ([sha256]) =>
              at.postJson<{ times: number[] }>(`/models/${id}/time`, { input: sha256, dims, runs }),
            );
            return times;
          },
          release: () => at.free(`/models/${id}`),
        };
      });
      ids.set(model, id);
      return model;
    },
    rounds: async (stretch) => {
      const models = stretch.visits.map(({ model, dims }) => {
        const id = ids.get(model);
        if (id === undefined) throw new Error(`internal: a model of another target than ${name}`);
        return { model: id, dims };
      });
      return remoteRounds(session!, stretch, models);
    },
    async placementOf(bytes, dims) {
      if (provider === "cpu") return undefined;
      const at = await ofSession();
      await at.begin();
      const path = `/placement?dims=${dims.join(",")}`;
      return (await at.askJson<{ placement?: Placement }>("POST", path, { body: bytes })).placement;
    },
    async close() {
      const at = session;
      await models.close();
      await at?.free("");
      await connected?.then(
        (open) => open.close(),
        () => undefined,
      );
    },
  };
  return target;
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "" && url.username === "")
    return url;
  throw new UserError("target/address", {
    at: "the agent's address",
    got: text,
    want: "https://host:port, or http://localhost:port",
    fix: "`nestling agent` shows its address when it starts.",
  });
}

async function connectionTo(url: URL, name: string, options: AgentTargetOptions): Promise<Connection> {
  const { ca, cert, key, tokenFile, awayMs = 60_000, onWait } = options;
  const token = options.token ?? (tokenFile === undefined ? undefined : await readToken(tokenFile));
  if (token === undefined) {
    throw new UserError("target/token-file", {
      at: name,
      got: "given without a token",
      want: "a file with the agent's token",
      fix: "Copy the token that `nestling agent` showed into a file, and name it.",
    });
  }
  const read = async (path: string | undefined, what: string) => {
    if (path === undefined) return undefined;
    const fix = "Give a file in PEM; docs/agent.md shows how to make one.";
    return Buffer.from(await readUserBytes(path, { code: "target/certificate", want: what, fix }));
  };
  const files = {
    ca: await read(ca, "the certificate of an authority"),
    cert: await read(cert, "a certificate"),
    key: await read(key, "a key"),
  };
  refuseUnusable(options, files);
  return connection(httpClient(url, files), { name, token, awayMs, onWait });
}

/** @throws UserError `target/certificate` for files that are none, or don't belong together: a connection would say so as if the agent were away, or not at all */
function refuseUnusable(
  { ca, cert, key }: AgentTargetOptions,
  files: { readonly ca?: Buffer | undefined; readonly cert?: Buffer | undefined; readonly key?: Buffer | undefined },
): void {
  const refused = (at: string, got: string, want: string, cause?: unknown): UserError => {
    const fix = "Give files in PEM; docs/agent.md shows how to make them.";
    return new UserError("target/certificate", { at, got, want, fix }, { cause });
  };
  if ((cert === undefined) !== (key === undefined)) {
    throw refused(cert ?? key!, "given alone", "a certificate and its key");
  }
  try {
    if (files.ca) new X509Certificate(files.ca);
  } catch (error) {
    throw refused(ca!, `refused (${(error as Error).message})`, "the certificate of an authority", error);
  }
  try {
    createSecureContext(files);
  } catch (error) {
    throw refused(cert!, `refused (${(error as Error).message})`, "a certificate and its key", error);
  }
}
