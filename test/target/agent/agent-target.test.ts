import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anchor } from "../../../src/evaluate/anchor.js";
import { openLatencyBench } from "../../../src/evaluate/latency.js";
import { agentTarget } from "../../../src/target/agent/agent-target.js";
import { startAgent, type Agent } from "../../../src/target/agent/start-agent.js";
import { localTarget } from "../../../src/target/local.js";
import { withModel } from "../../../src/target/target.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { anchorSubject } from "../anchor-subject.js";
import { targetConformance } from "../conformance.js";
import { agentHere, targetOf, tokenFileIn, tokenText } from "./agents.js";

const { bytes, dims } = anchor();
let agent: Agent;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-agent-"));
  agent = await startAgent({ port: 0, tokenFile: await tokenFileIn(folder) });
});
afterAll(async () => {
  await agent.close();
  await rm(folder, { recursive: true });
});

targetConformance("agent", {
  open: () => agentTarget({ url: agent.url, token: tokenText, name: "pi" }),
  ...anchorSubject,
});

test("its name is the address and what differs from the defaults, or what it is given", async () => {
  const url = "https://pi.local:8473";
  expect(agentTarget({ url: `${url}/` }).name).toBe(url);
  expect(agentTarget({ url, threads: 4, provider: "cuda" }).name).toBe(`${url}:threads=4:provider=cuda`);
  expect(agentTarget({ url, name: "pi" }).name).toBe("pi");
  expect(() => agentTarget({ url: "pi:8473" })).toThrow("the agent's address is pi:8473; want https://host:port");
});

test("a latency bench runs on an agent as on this machine, and in the same environment", async () => {
  const target = targetOf(await agentHere());
  const bench = await openLatencyBench(target, { seconds: 1 });
  const [latency] = await bench.measure([{ name: "anchor", bytes, dims }]);
  expect(latency!.rounds).toBeGreaterThan(10);
  expect(latency!.undisturbedMs).toBeGreaterThan(0);
  const { state: _, ...here } = await localTarget().environment();
  expect(bench.environment).toMatchObject(here);
});

test("a device's outputs are this machine's, bit for bit, over 50 inputs of several sizes", async () => {
  const [there, here] = [targetOf(await agentHere()), localTarget({ profiles: false })];
  await withModel(there, bytes, (remote) =>
    withModel(here, bytes, async (local) => {
      for (let i = 0; i < 50; i++) {
        const input = Float32Array.from({ length: (1 + (i % 4)) * 28 * 28 }, (_, k) => Math.sin(k * (i + 1)));
        const shape = [1 + (i % 4), 1, 28, 28];
        expect((await remote.run(input, shape)).outputs).toEqual((await local.run(input, shape)).outputs);
      }
    }),
  );
});

test("a long stretch of rounds is cut into parts; its times follow the device's clock, and a signal ends it", async () => {
  const target = targetOf(await agentHere());
  await withModel(target, bytes, async (model) => {
    const visits = [{ model, input: new Float32Array(28 * 28), dims }];
    const stretch = { visits, runs: 2, seed: "a", forMs: 2200, atLeast: 1, atMost: 1e6 };
    const rounds = await target.rounds(stretch);
    const at = rounds.map(({ atMs }) => atMs);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBeGreaterThan(1500);
    const signal = AbortSignal.timeout(300);
    await expect(target.rounds({ ...stretch, forMs: 60_000, signal })).rejects.toThrow("timeout");
  });
});

test("the token of another agent, an address without an agent, and a server that is none are the user's mistakes", async () => {
  const here = await agentHere();
  const refusal = (options: Parameters<typeof targetOf>[1]) => targetOf(here, options).environment();
  await expect(refusal({ token: "another-token-of-someone" })).rejects.toThrow(
    "the token is signed with another token",
  );
  await expect(refusal({ token: undefined })).rejects.toThrow("given without a token");
  await expect(refusal({ token: undefined, tokenFile: await temporaryFolder() })).rejects.toThrow("a folder");
  await expect(refusal({ url: "http://127.0.0.1:9" })).rejects.toThrow(/not reachable \(ECONNREFUSED; tried for 2 s\)/);
});
