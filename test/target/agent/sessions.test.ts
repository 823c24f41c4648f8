/** One measurement at a time, in a process whose end is that measurement's alone. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { anchor } from "../../../src/evaluate/anchor.js";
import type { UserError } from "../../../src/base/user-error.js";
import type { Target } from "../../../src/target/target.js";
import type { QueueState } from "../../../src/target/agent/protocol.js";
import { agentHere, targetOf } from "./agents.js";
import * as hostile from "./hostile-models.js";
import { rawClient } from "./raw.js";

const { bytes, dims } = anchor();
const x = Float32Array.of(-1, 0, 1, 2);

async function stillMeasures(target: Target): Promise<void> {
  const model = await target.load(hostile.harmless);
  expect((await model.run(x, [4])).outputs.get("y")).toEqual(Float32Array.of(0, 0, 1, 2));
  await model.release();
}

test("models that name files, or bring operators and functions of their own, do not reach onnxruntime", async () => {
  const target = targetOf(await agentHere());
  for (const [model, got] of [
    [hostile.external, "external data"],
    [hostile.externalInFirstOfTwoGraphs, "external data"],
    [hostile.externalInBranch, "external data"],
    [hostile.externalInConstant, "external data"],
    [hostile.ofOwnDomain, 'operators of "org.example"'],
    [hostile.opensFile, "EPContext"],
    [hostile.withFunctions, "functions of its own"],
    [hostile.inOwnFormat, ".ort"],
    [hostile.nested(40), "more than 30 deep"],
    [hostile.nested(500), "more than 30 deep"],
    [new Uint8Array(), "it has no graph"],
    [Uint8Array.from([...hostile.harmless, ...hostile.harmless]), "several graphs"],
  ] as const) {
    const refusal = expect(target.load(model)).rejects;
    await refusal.toMatchObject({ code: "target/refused" });
    await refusal.toThrow(got);
  }
  await stillMeasures(target);
});

test("1,500 damaged files are refused or loaded, and the session lives", async () => {
  const target = targetOf(await agentHere({ limits: { modelsPerMinute: 10_000 } }));
  for (let i = 0; i < 1500; i++) {
    const damaged = Uint8Array.from(i % 3 === 0 ? bytes.subarray(0, (i * 97) % bytes.length) : bytes);
    for (let k = 0; k < 1 + (i % 7); k++) damaged[(i * 7919 + k * 104_729) % damaged.length] = (i * 31 + k * 17) % 256;
    const outcome = await target.load(damaged).then(
      async (model) => model.release().then(() => "loaded"),
      (error: unknown) => (error as UserError).code,
    );
    expect(["loaded", "target/refused", "runtime/model"]).toContain(outcome);
  }
  await stillMeasures(target);
});

test("a model that never ends is ended, and that session alone", async () => {
  const agent = await agentHere({ limits: { callMs: 1500 } });
  const [target, other] = [targetOf(agent), targetOf(agent)];
  const model = await target.load(hostile.endless);
  const waits = stillMeasures(other);
  await expect(model.run(x, [4])).rejects.toThrow("ended: a call took longer than 1.5 s");
  await expect(model.run(x, [4])).rejects.toThrow("ended: a call took longer than 1.5 s");
  await waits;
  await other.close();
  await model.release();
  await stillMeasures(target);
});

test("a model that wants 50 GB is refused; one that takes more than the limit ends, and that session alone", async () => {
  const target = targetOf(await agentHere({ limits: { memoryBytes: 400 * 2 ** 20 } }));
  const greedy = await target.load(hostile.hungry(50e9));
  // Refused by the system, or ended by the agent where the system promises what it doesn't have.
  const outcome = await greedy.run(x, [4]).then(
    () => "ran",
    (error: unknown) => (error as UserError).code,
  );
  expect(["target/run", "target/ended"]).toContain(outcome);
  await greedy.release();
  await stillMeasures(target);
  const hungry = await target.load(hostile.hungry(3e9));
  await expect(hungry.run(x, [4])).rejects.toThrow("ended: the model needs more than 0.39 GiB");
  await hungry.release();
  await stillMeasures(target);
});

test("two clients queue: the second waits, sees it, and begins when the first is done", async () => {
  const agent = await agentHere();
  const waited: string[] = [];
  const [first, second] = [targetOf(agent), targetOf(agent, { name: "pi", onWait: (reason) => waited.push(reason) })];
  const model = await first.load(bytes);
  let hasBegun = false;
  const later = second.load(bytes).then((loaded) => {
    hasBegun = true;
    return loaded;
  });
  await expect.poll(() => waited).toContain("pi: 1 session ahead");
  const raw = await rawClient(agent.url);
  const queue = JSON.parse(Buffer.from((await raw.send("GET", "/v1/queue")).body).toString()) as QueueState;
  expect(queue.active).not.toBeNull();
  expect(queue.waiting).toHaveLength(1);
  await model.run(new Float32Array(784), dims);
  expect(hasBegun).toBe(false);
  await first.close();
  expect((await (await later).run(new Float32Array(784), dims)).outputs.size).toBe(1);
});

test("a session that asks for nothing ends and makes room; its models are gone, and the next begins anew", async () => {
  const target = targetOf(await agentHere({ limits: { idleMs: 300 } }));
  const model = await target.load(bytes);
  await sleep(1000);
  await expect(model.run(new Float32Array(784), dims)).rejects.toThrow("over: it asked for nothing");
  await model.release();
  await stillMeasures(target);
});

test("so many models a minute: the caller says so once, waits for longer than a session may be idle, and resumes with the models that it has", async () => {
  const waited: string[] = [];
  const target = targetOf(await agentHere({ limits: { modelsPerMinute: 2, idleMs: 15_000 } }), {
    onWait: (reason) => waited.push(reason),
  });
  const kept = await target.load(bytes);
  await stillMeasures(target);
  await stillMeasures(target);
  expect(waited).toEqual([expect.stringMatching(/at most 2 a minute. Ask again in \d+ s/)]);
  expect((await kept.run(new Float32Array(784), dims)).outputs.size).toBe(1);
}, 120_000);

test("a body that takes longer to arrive than a session may be idle doesn't end the session", async () => {
  const agent = await agentHere({ limits: { idleMs: 300 } });
  const raw = await rawClient(agent.url);
  const at = "/v1/sessions/a1";
  await raw.send("PUT", at, JSON.stringify({ threads: 1, provider: "cpu" }));
  const { hostname, port } = new URL(agent.url);
  const socket = connect(Number(port), hostname);
  const authorization = raw.signature("PUT", `${at}/models/1`, hostile.harmless);
  const length = hostile.harmless.length;
  socket.write(
    `PUT ${at}/models/1 HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\nauthorization: ${authorization}\r\n\r\n`,
  );
  for (let byte = 0; byte < length; byte += Math.ceil(length / 10)) {
    await sleep(100);
    socket.write(hostile.harmless.subarray(byte, byte + Math.ceil(length / 10)));
  }
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 [^]*loadMs/);
});

test("outputs in other types than float32 can be timed, and are refused where they are asked for", async () => {
  const target = targetOf(await agentHere());
  for (const type of hostile.otherTypes) {
    const model = await target.load(hostile.castTo(type));
    expect(await model.time(x, [4], 2)).toHaveLength(2);
    await expect(model.run(x, [4])).rejects.toMatchObject({ code: "target/run" });
    await expect(model.run(x, [4])).rejects.toThrow("a model whose output y is no float32");
  }
  await stillMeasures(target);
});
