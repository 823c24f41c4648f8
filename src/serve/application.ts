/**
 * The server's requests, by Hono. The order in which one is judged: is the server stopping, has the caller the token, is there such a path and
 * model, what do the headers say of the body, is there room; only then is the body read. Answers are written by Node's own means: as web
 * `Response` objects they cost twice the time of a request.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context } from "hono";
import { BodyFault, readBody } from "../base/read-body.js";
import type { Admission } from "./admission.js";
import { Abandoned } from "./batcher.js";
import { pictureTypes, pixelValuesOf, topClasses } from "./classify.js";
import { parseInferRequest } from "./infer-request.js";
import type { ServeLimits } from "./limits.js";
import type { Metrics } from "./metrics.js";
import type { PixelRoom } from "./pixel-room.js";
import { inferReply, json, MODEL_VERSION, modelMetadata, serverMetadata, type Reply } from "./protocol.js";
import { Refusal } from "./refusal.js";
import type { ServedModel } from "./served-model.js";

export interface Served {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly limits: ServeLimits;
  readonly admission: Admission;
  readonly decoding: PixelRoom;
  readonly metrics: Metrics;
  readonly token: string | undefined;
  readonly isStopping: () => boolean;
}

interface Env {
  Bindings: HttpBindings;
  Variables: { began: number; endpoint: string };
}
type Handle = (context: Context<Env>) => Reply | Promise<Reply>;

export function application(served: Served): Hono<Env> {
  const { metrics, isStopping } = served;
  const app = new Hono<Env>();
  const send = (context: Context<Env>, reply: Reply): Response => {
    const { incoming, outgoing } = context.env;
    const { status = 200, type = "application/json", headers, body } = reply;
    const model = context.req.param("model") ?? "";
    const known = served.models.has(model) ? model : "";
    metrics.answered(context.get("endpoint"), known, status, (performance.now() - context.get("began")) / 1000);
    // What is not read of a large body would have to be, before the connection is of use again.
    const isLast = isStopping() || status === 408 || status === 413;
    outgoing.writeHead(status, {
      ...{ "content-type": type, "content-length": Buffer.byteLength(body), "x-content-type-options": "nosniff" },
      ...headers,
      ...(isLast && { connection: "close" }),
    });
    outgoing.end(incoming.method === "HEAD" ? undefined : body);
    return RESPONSE_ALREADY_SENT;
  };
  const route = (method: "GET" | "POST", endpoint: string, path: string, handle: Handle): void => {
    app.on(method, path, async (context) => {
      context.set("endpoint", endpoint);
      return send(context, await handle(context));
    });
    app.all(path, () => {
      const allow = method === "GET" ? "GET, HEAD" : method;
      throw new Refusal(405, `want ${method}`, { allow });
    });
  };

  app.use(async (context, next) => {
    context.set("began", performance.now());
    context.set("endpoint", "none");
    await next();
  });
  // Open to anyone: whatever watches a server has no token.
  route("GET", "live", "/v2/health/live", () => json({ live: true }));
  route("GET", "ready", "/v2/health/ready", () => json({ ready: !isStopping() }, isStopping() ? 503 : 200));
  app.use(async ({ req }, next) => {
    checkToken(req.header("authorization"), served.token);
    if (isStopping()) throw new Refusal(503, "the server is stopping", { "retry-after": "5" });
    await next();
  });
  addRoutes(route, served);
  app.notFound(() => {
    throw new Refusal(404, "no such path; docs/serving.md lists all");
  });
  app.onError((error, context) => {
    const refusal = error instanceof Refusal ? error : failureOf(error);
    return send(context, json({ error: refusal.message }, refusal.status, refusal.headers));
  });
  return app;
}

/** 499 is seen in the metrics alone: the caller is gone. */
const failureOf = (error: Error): Refusal =>
  error instanceof Abandoned ? new Refusal(499, "abandoned") : new Refusal(500, `the server failed: ${error.message}`);

function addRoutes(
  route: (method: "GET" | "POST", endpoint: string, path: string, handle: Handle) => void,
  served: Served,
): void {
  const { models, limits, metrics, decoding } = served;
  const modelOf = ({ req }: Context<Env>): ServedModel => {
    const { model: name = "", version } = req.param() as { model?: string; version?: string };
    const model = models.get(name);
    if (!model)
      throw new Refusal(
        404,
        `no model ${JSON.stringify(name.slice(0, 60))}; there is ${[...models.keys()].join(", ")}`,
      );
    if (version === undefined || version === MODEL_VERSION) return model;
    throw new Refusal(404, `no version ${JSON.stringify(version.slice(0, 60))} of ${name}; there is ${MODEL_VERSION}`);
  };
  const gone =
    ({ env }: Context<Env>) =>
    (): boolean =>
      env.outgoing.destroyed;

  route("GET", "server", "/v2", () => json(serverMetadata()));
  route("GET", "metrics", "/metrics", async () => ({ type: metrics.contentType, body: await metrics.text() }));
  for (const at of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    route("GET", "model", at, (context) => json(modelMetadata(modelOf(context))));
    route("GET", "model ready", `${at}/ready`, (context) => json({ name: modelOf(context).name, ready: true }));
    route("POST", "infer", `${at}/infer`, (context) => {
      const model = modelOf(context);
      return withBody(context, served, ["", "application/json", "application/octet-stream"], async (body) => {
        const jsonLength = context.req.header("inference-header-content-length");
        const request = parseInferRequest(body, jsonLength, model.shape);
        return inferReply(model.name, request, await model.infer(request.values, request.images, gone(context)));
      });
    });
    route("POST", "classify", `${at}/classify`, (context) => {
      const model = modelOf(context);
      const top = topOf(context.req.query("top"));
      return withBody(context, served, pictureTypes, async (body) => {
        const values = await pixelValuesOf(body, model.preprocessing, limits.picturePixels, decoding);
        const logits = await model.infer(new Uint8Array(values.buffer), 1, gone(context));
        const classes = topClasses(logits, model.labels, top);
        return json({ model_name: model.name, model_version: MODEL_VERSION, classes });
      });
    });
  }
}

function topOf(text = "5"): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(400, `top is ${JSON.stringify(text.slice(0, 60))}; want a whole number from 1`);
}

/** Bearer, by RFC 6750. It takes as long for a wrong token as for the right one. */
function checkToken(header: string | undefined, token: string | undefined): void {
  if (token === undefined) return;
  const [, given = ""] = /^bearer +(\S+)$/i.exec(header ?? "") ?? [];
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest()) as [Buffer, Buffer];
  if (!timingSafeEqual(a, b)) {
    throw new Refusal(401, "want the header Authorization: Bearer TOKEN", { "www-authenticate": "Bearer" });
  }
}

/** @param types that the body may have; an empty one is none */
async function withBody(
  { env: { incoming } }: Context<Env>,
  { limits, admission }: Served,
  types: readonly string[],
  use: (body: Buffer) => Promise<Reply>,
): Promise<Reply> {
  const {
    "content-type": typed = "",
    "content-encoding": coding = "identity",
    "content-length": length,
  } = incoming.headers;
  const type = typed.split(";")[0]!.trim().toLowerCase();
  if (!types.includes(type)) {
    throw new Refusal(
      415,
      `the body is ${type === "" ? "of no type" : type}; want ${types.filter(Boolean).join(" or ")}`,
    );
  }
  // A compressed body could be a thousand times as large as it says.
  if (coding.toLowerCase() !== "identity")
    throw new Refusal(415, "the body is compressed; want it as it is", { "accept-encoding": "identity" });
  const { bodyBytes, bodyMs } = limits;
  if (Number(length ?? 0) > bodyBytes) throw tooLarge(bodyBytes);
  const leave = admission.enter(Number(length ?? bodyBytes));
  try {
    const body = await readBody(incoming, bodyBytes, bodyMs).catch((error: unknown) => {
      if (!(error instanceof BodyFault)) throw error;
      if (error.fault === "cut off") throw new Abandoned();
      throw error.fault === "large" ? tooLarge(bodyBytes) : tooSlow(bodyMs);
    });
    return await use(body);
  } finally {
    leave();
  }
}

const tooLarge = (most: number): Refusal => new Refusal(413, `the body is larger than ${most} bytes`);
const tooSlow = (ms: number): Refusal => new Refusal(408, `the body did not arrive within ${ms / 1000} s`);
