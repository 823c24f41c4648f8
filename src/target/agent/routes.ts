/** What an agent answers, path by path. */
import type { z } from "zod";
import { sha256Of } from "../../base/hash.js";
import { problemsOf } from "../../base/schema-problems.js";
import { UserError } from "../../base/user-error.js";
import { version } from "../../base/version.js";
import { listProviders } from "../../runtime/session.js";
import { environmentHere } from "../environment.js";
import type { ModelRun } from "../target.js";
import type { Call } from "./child-calls.js";
import { HttpError } from "./http-error.js";
import type { Asked, Reply, Route } from "./http-server.js";
import type { AgentLimits } from "./limits.js";
import { encodeOutputs, floatsOf } from "./outputs.js";
import { PROTOCOL, roundsRequest, sessionRequest, timeRequest, type Hello } from "./protocol.js";
import { perMinute } from "./per-minute.js";
import type { Sessions } from "./sessions.js";
import { statusPage } from "./status-page.js";

/** A request in JSON is small. */
const JSON_BYTES = 2 ** 20;
const LONGEST_WAIT_MS = 20_000;

export const helloOf = (id: string): Hello => ({ protocol: PROTOCOL, version, id, now: Date.now() });

export function routes(id: string, queue: Sessions, limits: AgentLimits): readonly Route[] {
  const admit = perMinute(limits.modelsPerMinute);
  const owned = ({ session }: Asked["params"]): (() => void) => queue.refuseOthers(session!);
  const loading = (params: Asked["params"]): (() => void) => {
    const leave = owned(params);
    try {
      admit();
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  };
  const call = ({ params }: Asked, call: Call): Promise<unknown> =>
    queue.use(params["session"]!, (child) => child.call(call));
  const json = async (asked: Asked, one: Call): Promise<Reply> => ({ json: await call(asked, one) });
  const at = "/v1/sessions/:session";
  const numberOf = ({ model }: Asked["params"]): number => wholeOf(model!, "the model's number");
  return [
    { method: "GET", path: "/", isOpen: true, reply: () => ({ html: statusPage(queue.queue(), queue.history()) }) },
    { method: "GET", path: "/v1/agent", isOpen: true, reply: () => ({ json: helloOf(id) }) },
    { method: "GET", path: "/v1/queue", reply: () => ({ json: queue.queue() }) },
    {
      method: "GET",
      path: "/v1/environment",
      reply: ({ query }) => {
        const threads = wholeOf(query.get("threads") ?? "1", "threads");
        const provider = query.get("provider") ?? "cpu";
        refuseUnknownProvider(provider);
        return { json: environmentHere(threads, provider) };
      },
    },
    {
      method: "PUT",
      path: at,
      most: JSON_BYTES,
      reply: async ({ params, body }) => {
        const wanted = parsed(sessionRequest, body);
        refuseUnknownProvider(wanted.provider);
        queue.open(params["session"]!, wanted);
        return { json: await queue.state(params["session"]!, 0), status: 201 };
      },
    },
    {
      method: "GET",
      path: at,
      reply: async ({ params, query }) => {
        const wait = wholeOf(query.get("wait") ?? "0", "wait");
        return { json: await queue.state(params["session"]!, Math.min(1000 * wait, LONGEST_WAIT_MS)) };
      },
    },
    {
      method: "DELETE",
      path: at,
      reply: ({ params }) => {
        queue.end(params["session"]!);
        return { json: {} };
      },
    },
    {
      method: "PUT",
      path: `${at}/inputs/:sha256`,
      most: limits.inputBytes,
      before: owned,
      reply: (asked) => {
        const sha256 = asked.params["sha256"]!;
        if (sha256Of(asked.body) !== sha256)
          throw malformed("an input of another SHA-256", "the body's own in the path");
        return json(asked, { kind: "input", sha256, input: inputOf(asked.body) });
      },
    },
    {
      method: "PUT",
      path: `${at}/models/:model`,
      most: limits.modelBytes,
      before: loading,
      reply: (asked) => json(asked, { kind: "load", model: numberOf(asked.params), bytes: asked.body }),
    },
    {
      method: "DELETE",
      path: `${at}/models/:model`,
      before: owned,
      reply: (asked) => json(asked, { kind: "release", model: numberOf(asked.params) }),
    },
    {
      method: "POST",
      path: `${at}/models/:model/run`,
      most: limits.inputBytes,
      before: owned,
      reply: async (asked) => {
        const run: Call = {
          kind: "run",
          model: numberOf(asked.params),
          input: inputOf(asked.body),
          dims: dimsOf(asked),
        };
        return { bytes: encodeOutputs((await call(asked, run)) as ModelRun) };
      },
    },
    {
      method: "POST",
      path: `${at}/models/:model/time`,
      most: JSON_BYTES,
      before: owned,
      reply: (asked) =>
        json(asked, { kind: "time", model: numberOf(asked.params), ...parsed(timeRequest, asked.body) }),
    },
    {
      method: "POST",
      path: `${at}/rounds`,
      most: JSON_BYTES,
      before: owned,
      reply: (asked) => json(asked, { kind: "rounds", plan: parsed(roundsRequest, asked.body) }),
    },
    {
      method: "POST",
      path: `${at}/placement`,
      most: limits.modelBytes,
      before: loading,
      reply: (asked) => json(asked, { kind: "placement", bytes: asked.body, dims: dimsOf(asked) }),
    },
  ];
}

function parsed<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw malformed("no JSON", "a JSON object in UTF-8");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HttpError(
    400,
    new UserError(
      "target/request",
      problemsOf(result.error, value, "the request", "docs/agent.md lists the requests."),
    ),
  );
}

function inputOf(body: Uint8Array): Float32Array {
  const floats = floatsOf(body);
  if (!floats) throw malformed(`an input of ${body.length} bytes`, "float32 numbers, 4 bytes each");
  return floats;
}

function wholeOf(text: string, what: string): number {
  if (!/^\d{1,9}$/.test(text)) throw malformed(`${what} "${text.slice(0, 40)}"`, "a whole number");
  return Number(text);
}

const dimsOf = ({ query }: Asked): number[] =>
  (query.get("dims") ?? "").split(",").map((size) => wholeOf(size, "dims"));

const malformed = (got: string, want: string): HttpError =>
  new HttpError(
    400,
    new UserError("target/request", { at: "the request", got, want, fix: "docs/agent.md lists the requests." }),
  );

function refuseUnknownProvider(provider: string): void {
  const known = listProviders().map(({ name }) => name);
  if (known.includes(provider)) return;
  const fix = "`nestling doctor` on the device lists its execution providers.";
  const problem = { at: "provider", got: provider, want: `one of ${known.join(", ")}`, fix };
  throw new HttpError(422, new UserError("target/provider", problem));
}
