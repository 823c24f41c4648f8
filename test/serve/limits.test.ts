/** A server under callers that send too much, too slowly, or that leave; and its end. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../free-port.js";
import { aChild, binaryAnswer, binaryRequest, largestDifference, probeOf, serving } from "./served-child.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** One image of the probe, and what is right for it. */
async function oneImage(child: string) {
  const { values, shape, logits, tolerance, certificate } = await probeOf(child);
  const each = values.length / shape[0]!;
  const request = binaryRequest(values.subarray(0, each), [1, ...shape.slice(1)]);
  return { request, logits: logits.subarray(0, certificate.labels.length), tolerance };
}

test("too large: 413, said by the header or found while it is read; too slow: 408", async () => {
  const child = await aChild();
  const { url } = await serving([child], { limits: { bodyBytes: 100_000, bodyMs: 200 } });
  const at = `${url}/v2/models/child/infer`;
  expect((await fetch(at, { method: "POST", body: Buffer.alloc(100_001) })).status).toBe(413);
  const { port } = new URL(url);
  /** Sends what it is given, without a length, and returns the answer's first line. */
  const sent = async (chunks: readonly Buffer[]): Promise<string> => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("POST /v2/models/child/infer HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for (const chunk of chunks) {
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write("\r\n");
    }
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return answer.toString("utf8").split("\r\n")[0]!;
  };
  expect(await sent(Array.from({ length: 20 }, () => Buffer.alloc(10_000)))).toMatch(/ 413 /);
  expect(await sent([Buffer.alloc(10)])).toMatch(/ 408 /);
  const { request } = await oneImage(child);
  expect((await fetch(at, request)).status).toBe(200);
});

test("more than may wait: 429 with Retry-After, and all others are answered", async () => {
  const child = await aChild();
  const { url } = await serving([child], { limits: { waiting: 4, batchWaitMs: 100 } });
  const { request, logits, tolerance } = await oneImage(child);
  const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${url}/v2/models/child/infer`, request)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBe(12 - statuses.filter((status) => status === 200).length);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(headers.get("retry-after")).toBe("1");
  const { logits: found } = await binaryAnswer(await fetch(`${url}/v2/models/child/infer`, request));
  expect(largestDifference(found, logits)).toBeLessThan(tolerance);
});

test("who leaves before the run costs no run, and leaves no request in flight", async () => {
  const child = await aChild();
  const { url } = await serving([child], { limits: { batchWaitMs: 300 } });
  const { request } = await oneImage(child);
  await expect(
    fetch(`${url}/v2/models/child/infer`, { ...request, signal: AbortSignal.timeout(100) }),
  ).rejects.toThrow();
  await delay(500);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).not.toContain('nestling_batch_images_count{model="child"}');
  expect(metrics).toContain("nestling_requests_in_flight 0");
});

test("closing answers what is in flight, and refuses with 503 what comes on an open connection", async () => {
  const child = await aChild();
  const server = await serving([child], { limits: { batchWaitMs: 300 } });
  const { request } = await oneImage(child);
  const { port } = new URL(server.url);
  // A request whose body has not come yet keeps its connection busy.
  const late = httpRequest({
    port,
    method: "POST",
    path: "/v2/models/child/infer",
    headers: request.headers as Record<string, string>,
  });
  late.flushHeaders();
  const inFlight = fetch(`${server.url}/v2/models/child/infer`, request);
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /v2/health/ready HTTP/1.1\r\nhost: a\r\n");
  await delay(100);
  const closed = server.close();
  socket.write("\r\n");
  const [ready] = (await once(socket, "data")) as [Buffer];
  expect(ready.toString()).toMatch(/ 503 [^]*connection: close/i);
  late.end(request.body as Buffer);
  const [lateAnswer] = (await once(late, "response")) as [{ statusCode: number; resume(): void }];
  lateAnswer.resume();
  expect(lateAnswer.statusCode).toBe(200);
  expect((await inFlight).status).toBe(200);
  await closed;
  await expect(fetch(`${server.url}/v2/health/live`)).rejects.toThrow();
});

async function serveProcess(child: string, port: number): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, [main, "serve", child, "--port", String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void process_.kill("SIGKILL"));
  for await (const line of createInterface(process_.stdout)) if (line.startsWith("Models: ")) break;
  return process_;
}

test("a signal ends the process with 0 under load: every request is answered or refused as a whole", async () => {
  const child = await aChild();
  const port = await freePort();
  const server = await serveProcess(child, port);
  const { request } = await oneImage(child);
  const statuses: (number | "cut off")[] = [];
  let isOver = false;
  const asking = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const response = await fetch(`http://127.0.0.1:${port}/v2/models/child/infer`, request).catch(() => undefined);
      if (!response) return;
      statuses.push(
        await response.arrayBuffer().then(
          () => response.status,
          () => "cut off" as const,
        ),
      );
    }
  });
  while (statuses.length < 50) await delay(5);
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  isOver = true;
  await Promise.all(asking);
  expect(statuses.length).toBeGreaterThan(50);
  expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
});

test("killed and started again under load, only what was in flight is lost", async () => {
  const child = await aChild();
  const port = await freePort();
  const first = await serveProcess(child, port);
  const { request, logits, tolerance } = await oneImage(child);
  const CALLERS = 8;
  const [counts, lost] = [
    { wanted: 400, answered: 0 },
    { inFlight: 0, refused: 0 },
  ];
  const ask = async (): Promise<void> => {
    while (counts.wanted-- > 0) {
      for (;;) {
        const found = await fetch(`http://127.0.0.1:${port}/v2/models/child/infer`, request)
          .then(binaryAnswer)
          .catch((error: unknown) => {
            const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
            if (code === "ECONNREFUSED") lost.refused++;
            else lost.inFlight++;
            return undefined;
          });
        if (found) {
          expect(largestDifference(found.logits, logits)).toBeLessThan(tolerance);
          counts.answered++;
          break;
        }
        await delay(50);
      }
    }
  };
  const all = Promise.all(Array.from({ length: CALLERS }, ask));
  while (counts.answered < 100) await delay(5);
  first.kill("SIGKILL");
  await once(first, "exit");
  await serveProcess(child, port);
  await all;
  expect(counts.answered).toBe(400);
  expect(lost.inFlight).toBeLessThanOrEqual(CALLERS);
});

test("memory stays flat over thousands of requests", async () => {
  const child = await aChild();
  const port = await freePort();
  await serveProcess(child, port);
  const { request } = await oneImage(child);
  const at = `http://127.0.0.1:${port}`;
  const residentMiB = async (): Promise<number> => {
    const text = await (await fetch(`${at}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)![1]) / 2 ** 20;
  };
  const send = async (count: number): Promise<void> => {
    let left = count;
    const one = async (): Promise<void> => {
      while (left-- > 0) await (await fetch(`${at}/v2/models/child/infer`, request)).arrayBuffer();
    };
    await Promise.all(Array.from({ length: 16 }, one));
  };
  await send(3000);
  const before = await residentMiB();
  await send(6000);
  expect(await residentMiB()).toBeLessThan(before + 30);
});
