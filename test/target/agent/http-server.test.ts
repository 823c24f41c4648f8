/** What an agent refuses before any model is loaded; it answers rightly afterwards. */
import { connect } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sha256Of } from "../../../src/base/hash.js";
import { agentHere, tokenText } from "./agents.js";
import { rawClient } from "./raw.js";

const json = (value: object): string => JSON.stringify(value);
const session = "/v1/sessions/a1";
const wanted = json({ threads: 1, provider: "cpu" });

test("without a signature, or with another token's, nothing is answered but the open pages", async () => {
  const raw = await rawClient((await agentHere()).url);
  const large = "x".repeat(2 ** 20);
  for (const [method, path] of [
    ["GET", "/v1/queue"],
    ["GET", "/v1/environment"],
    ["PUT", session],
    ["PUT", `${session}/models/1`],
    ["POST", `${session}/models/1/run?dims=1`],
    ["DELETE", session],
  ] as const) {
    const body = method === "PUT" ? large : undefined;
    for (const headers of [
      {},
      { authorization: `Bearer ${tokenText}` },
      { authorization: raw.signature(method, path, body, "another-token-of-someone") },
      { authorization: raw.signature(method, `${path}x`, body) },
      { authorization: raw.signature("HEAD", path, body) },
    ]) {
      expect(await raw.send(method, path, body, headers)).toMatchObject({ status: 401, code: "target/token" });
    }
  }
  expect(await raw.send("PUT", session, wanted, { authorization: raw.signature("PUT", session, "{}") })).toMatchObject({
    status: 401,
    code: "target/token",
  });
  expect(await raw.send("GET", "/v1/queue")).toMatchObject({ status: 200 });
});

test("a request that is sent twice, or of another minute, is refused", async () => {
  const raw = await rawClient((await agentHere()).url);
  const headers = { authorization: raw.signature("GET", "/v1/queue") };
  expect(await raw.send("GET", "/v1/queue", undefined, headers)).toMatchObject({ status: 200 });
  expect(await raw.send("GET", "/v1/queue", undefined, headers)).toMatchObject({
    status: 401,
    code: "target/replayed",
  });
  const old = { authorization: headers.authorization.replace(/date=\d+/, `date=${Date.now() - 61_000}`) };
  expect(await raw.send("GET", "/v1/queue", undefined, old)).toMatchObject({ status: 401, code: "target/stale" });
});

test("what is too large is refused by its length, or when it gets too long", async () => {
  const agent = await agentHere({ limits: { modelBytes: 1000, inputBytes: 1000 } });
  const raw = await rawClient(agent.url);
  await raw.send("PUT", session, wanted);
  const path = `${session}/models/1`;
  const body = new Uint8Array(1001);
  expect(await raw.send("PUT", path, body)).toMatchObject({ status: 413, code: "target/limits" });
  const chunked = { authorization: raw.signature("PUT", path, body), "transfer-encoding": "chunked" };
  expect(await raw.send("PUT", path, body, chunked)).toMatchObject({ status: 413 });
  expect(await raw.send("PUT", path, body.subarray(1))).toMatchObject({ status: 422, code: "target/refused" });
  // A request without a body takes none.
  const headers = { authorization: raw.signature("DELETE", session, "x"), "content-length": "1" };
  expect(await raw.send("DELETE", session, "x", headers)).toMatchObject({ status: 413 });
});

test("bodies that together are too large wait their turn, and a chunked one counts as the most that it may be", async () => {
  const agent = await agentHere({ limits: { modelBytes: 1000, inputBytes: 1000, bodiesBytes: 1500 } });
  const raw = await rawClient(agent.url);
  await raw.send("PUT", session, wanted);
  const { hostname, port } = new URL(agent.url);
  const path = `${session}/models/1`;
  for (const length of ["content-length: 900", "transfer-encoding: chunked"]) {
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT ${path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n${length}\r\nauthorization: ${raw.signature("PUT", path, "")}\r\n\r\n`,
    );
    // It is in.
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 100 /);
    expect(await raw.send("PUT", path, new Uint8Array(700))).toMatchObject({
      ...{ status: 429, code: "target/limits" },
      headers: { "retry-after": "1" },
    });
    expect(await raw.send("PUT", path, new Uint8Array(500))).toMatchObject({ status: 422, code: "target/refused" });
    socket.destroy();
    await expect.poll(() => raw.send("PUT", path, new Uint8Array(700))).toMatchObject({ status: 422 });
  }
});

test("an input is kept under its own hash alone", async () => {
  const raw = await rawClient((await agentHere()).url);
  await raw.send("PUT", session, wanted);
  const input = new Uint8Array(16);
  for (const name of ["abc", "0".repeat(64)]) {
    expect(await raw.send("PUT", `${session}/inputs/${name}`, input)).toMatchObject({ status: 400 });
  }
  expect(await raw.send("PUT", `${session}/inputs/${sha256Of(input)}`, input)).toMatchObject({ status: 200 });
});

test("a body that arrives too slowly is refused", async () => {
  const agent = await agentHere({ limits: { bodyMs: 200 } });
  const raw = await rawClient(agent.url);
  const { hostname, port } = new URL(agent.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `PUT ${session} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\nauthorization: ${raw.signature("PUT", session, wanted)}\r\n\r\n{`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 408 [^]*too slow/);
  socket.destroy();
  expect(await raw.send("GET", "/v1/queue")).toMatchObject({ status: 200 });
});

test("JSON that is none, or says something else, is refused with what is wrong", async () => {
  const raw = await rawClient((await agentHere()).url);
  for (const body of ["", "{", "[]", "null", '{"threads":1}', "\u0000", '{"__proto__":{"threads":1}}']) {
    expect(await raw.send("PUT", session, body)).toMatchObject({ status: 400, code: "target/request" });
  }
  const bad = Uint8Array.of(0xff, 0xfe);
  expect(await raw.send("PUT", session, bad)).toMatchObject({ status: 400 });
  for (const wrong of [{ threads: -1 }, { threads: 1.5 }, { provider: "../x" }, { more: 1 }]) {
    const body = json({ threads: 1, provider: "cpu", ...wrong });
    expect(await raw.send("PUT", session, body)).toMatchObject({ status: 400, code: "target/request" });
  }
  const unknown = json({ threads: 1, provider: "qnn" });
  expect(await raw.send("PUT", session, unknown)).toMatchObject({ status: 422, code: "target/provider" });
  expect(await raw.send("GET", "/v1/environment?provider=qnn")).toMatchObject({ status: 422, code: "target/provider" });
  await raw.send("PUT", session, wanted);
  expect(await raw.send("POST", `${session}/rounds`, json({ contestants: [] }))).toMatchObject({ status: 400 });
  expect(await raw.send("POST", `${session}/models/1/run?dims=a`, "1234")).toMatchObject({ status: 400 });
  expect(await raw.send("POST", `${session}/models/1/run?dims=1`, "123")).toMatchObject({ status: 400 });
  expect(await raw.send("POST", `${session}/models/1/run?dims=1`, "1234")).toMatchObject({ status: 422 });
});

test("no path leads to a file", async () => {
  const raw = await rawClient((await agentHere()).url);
  for (const path of [
    "/../../../../etc/passwd",
    "/v1/../../etc/passwd",
    "/v1/sessions/..%2f..%2fetc%2fpasswd",
    "/v1/sessions/../../etc",
    "/v1/sessions/a1/models/../../../x",
    "//etc/passwd",
    "/v1/sessions/",
    "/package.json",
    "/V1/queue",
    "/v1/queue/",
    `/${"a".repeat(5000)}`,
  ]) {
    const answer = await raw.send("GET", path);
    expect(answer, path).toMatchObject({ status: 404, code: "target/request" });
    expect(Buffer.from(answer.body).toString()).not.toContain("root");
  }
  const other = await raw.send("POST", "/v1/queue");
  expect(other).toMatchObject({ status: 405 });
  expect(other.headers["allow"]).toBe("GET");
});

test("who speaks no HTTP, or too much of it, is cut off, and the agent answers others", async () => {
  const agent = await agentHere();
  const { hostname, port } = new URL(agent.url);
  for (const words of ["\u0000\u0001\u0002\r\n\r\n", `GET / HTTP/1.1\r\na: ${"a".repeat(100_000)}\r\n\r\n`]) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined).resume();
    socket.write(words);
    await once(socket, "close");
  }
  expect(await (await rawClient(agent.url)).send("GET", "/v1/queue")).toMatchObject({ status: 200 });
});

test("its page is open, says how busy it is, and nothing of who measures what", async () => {
  const raw = await rawClient((await agentHere()).url);
  await raw.send("PUT", session, wanted);
  const page = await raw.send("GET", "/", undefined, {});
  const text = Buffer.from(page.body).toString();
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(text).toContain("measuring for 0 s");
  for (const secret of [tokenText, raw.hello.id, "a1"]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/https?:\/\/|<script/);
});
