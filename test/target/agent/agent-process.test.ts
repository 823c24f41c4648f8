/** The command `nestling agent` as users run it, under load and when it is killed. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { isRunning } from "../../../src/base/running.js";
import { anchor } from "../../../src/evaluate/anchor.js";
import { decodeOutputs } from "../../../src/target/agent/outputs.js";
import { ownToken } from "../../../src/target/agent/token.js";
import { localTarget } from "../../../src/target/local.js";
import { withModel } from "../../../src/target/target.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { agentHere, targetOf, tokenFileIn, tokenText } from "./agents.js";
import { endless } from "./hostile-models.js";
import { rawClient } from "./raw.js";

const main = resolve(import.meta.dirname, "../../../dist/cli/main.js");
const { bytes, dims } = anchor();

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

interface Started {
  readonly url: string;
  readonly process: ChildProcess;
  readonly output: string;
}

async function startHere(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Started> {
  const child = spawn(process.execPath, [main, "agent", ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await expect.poll(() => output, { timeout: 30_000 }).toMatch(/Listening on (\S+)\n[^]*\n/);
  return { url: /Listening on (\S+)/.exec(output)![1]!, process: child, output };
}

const stopped = (child: ChildProcess): Promise<number | null> =>
  new Promise((done) => child.once("exit", (code) => done(code)));

/** Where Linux shows it. */
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
const childrenOf = (pid: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => {
      try {
        return readFileSync(`/proc/${one}/stat`, "utf8")
          .replace(/^.*\) \S /s, "")
          .startsWith(`${pid} `);
      } catch {
        return false;
      }
    });

test("of servers that start at once, one makes the token, and all have it", async () => {
  vi.stubEnv("XDG_DATA_HOME", await temporaryFolder());
  const tokens = await Promise.all(Array.from({ length: 8 }, () => ownToken()));
  expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
  expect(tokens.filter(({ isNew }) => isNew)).toHaveLength(1);
});

test("its token is made once, shown once and kept for this user alone; it ends in peace", async () => {
  const home = await temporaryFolder();
  const env = { ...process.env, XDG_DATA_HOME: home };
  const first = await startHere(["--port", "0"], env);
  const file = join(home, "nestling/agent-token");
  const token = (await readFile(file, "utf8")).trim();
  expect(first.output).toContain(token);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await targetOf(first, { token }).environment()).node).toBe(process.version);
  const end = stopped(first.process);
  first.process.kill("SIGTERM");
  expect(await end).toBe(0);
  const second = await startHere(["--port", "0"], env);
  expect(second.output).not.toContain(token);
  expect((await targetOf(second, { token }).environment()).node).toBe(process.version);
});

test("10,000 requests at 64 at once: each is answered rightly, and memory stays flat", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startHere(["--port", "0", "--token-file", tokenFile]);
  const raw = await rawClient(agent.url);
  const inputs = Array.from({ length: 16 }, (_, i) =>
    Float32Array.from({ length: 784 }, (_, k) => Math.sin(k * (i + 1))),
  );
  const expected = await withModel(localTarget({ profiles: false }), bytes, async (model) => {
    const outputs = [];
    for (const input of inputs) outputs.push((await model.run(input, dims)).outputs);
    return outputs;
  });
  const at = "/v1/sessions/a1";
  await raw.send("PUT", at, JSON.stringify({ threads: 1, provider: "cpu" }));
  expect(await raw.send("PUT", `${at}/models/1`, bytes)).toMatchObject({ status: 200 });
  const replayed = { authorization: raw.signature("GET", "/v1/queue") };
  await raw.send("GET", "/v1/queue", undefined, replayed);

  const kinds: readonly ((i: number) => Promise<boolean>)[] = [
    async (i) => {
      const input = inputs[i % inputs.length]!;
      const { status, body } = await raw.send(
        "POST",
        `${at}/models/1/run?dims=${dims.join(",")}`,
        new Uint8Array(input.buffer),
      );
      const [found, wanted] = [decodeOutputs(body).outputs.get("logits"), expected[i % inputs.length]!.get("logits")];
      return status === 200 && JSON.stringify(found) === JSON.stringify(wanted);
    },
    async () => {
      const { status, body } = await raw.send("GET", "/v1/queue");
      const { active } = JSON.parse(Buffer.from(body).toString()) as { active: { id: string } };
      return status === 200 && active.id === "a1";
    },
    async () =>
      (
        await raw.send("GET", "/v1/queue", undefined, {
          authorization: raw.signature("GET", "/v1/queue", "", "another-token-of-someone"),
        })
      ).status === 401,
    async () => (await raw.send("GET", "/v1/queue", undefined, replayed)).code === "target/replayed",
    async () => (await raw.send("PUT", `${at}/models/2`, "no model")).code === "target/refused",
  ];
  const TOTAL = 10_000;
  let [next, answered, wrong] = [0, 0, 0];
  const memory: number[] = [];
  const caller = async (): Promise<void> => {
    while (next < TOTAL) {
      const i = next++;
      // Each 50th is a model that is refused, below what an agent allows in a minute.
      const kind = i % 50 === 49 ? 4 : i % 4;
      if (!(await kinds[kind]!(Math.floor(i / 4)))) wrong++;
      answered++;
      if (answered % 1000 === 0) memory.push(memoryOf(agent.process.pid!));
    }
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  expect([answered, wrong]).toEqual([TOTAL, 0]);
  const [early, late] = [Math.max(...memory.slice(2, 5)), Math.max(...memory.slice(-3))];
  expect(late / early, memory.map((one) => (one / 2 ** 20).toFixed(0)).join(" MB, ")).toBeLessThan(1.3);
});

test("an agent that is killed and started again: who had models there learns it, and who asks anew resumes", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const first = await startHere(["--port", "0", "--token-file", tokenFile]);
  const port = new URL(first.url).port;
  const waited: string[] = [];
  const target = targetOf(first, { name: "pi", awayMs: 30_000, onWait: (reason) => waited.push(reason) });
  const model = await target.load(bytes);
  const [child] = childrenOf(first.process.pid!);
  first.process.kill("SIGKILL");
  const lost = model.run(new Float32Array(784), dims);
  lost.catch(() => undefined);
  await expect.poll(() => waited, { timeout: 10_000 }).toContain("pi is away; trying again for 30 s");
  await startHere(["--port", port, "--token-file", tokenFile]);
  await expect(lost).rejects.toThrow("the session on the agent is unknown");
  await model.release();
  await withModel(target, bytes, async (again) =>
    expect((await again.run(new Float32Array(784), dims)).ms).toBeGreaterThan(0),
  );
  await expect.poll(() => isRunning(child!)).toBe(false);
});

test("an agent that is silent, as one without power is, is said to be after seconds, and waited for", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startHere(["--port", "0", "--token-file", tokenFile]);
  const waited: string[] = [];
  const target = targetOf(agent, { name: "pi", onWait: (reason) => waited.push(reason) });
  await target.environment();
  agent.process.kill("SIGSTOP");
  let isAnswered = false;
  const answer = target.environment().finally(() => (isAnswered = true));
  await expect.poll(() => waited, { timeout: 15_000 }).toEqual(["pi has not answered for 5 s; waiting for it"]);
  expect(isAnswered).toBe(false);
  agent.process.kill("SIGCONT");
  expect((await answer).node).toBe(process.version);
});

test("an agent that is gone for good is said so; its session's process ends too, even within a model that never ends", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startHere(["--port", "0", "--token-file", tokenFile]);
  const target = targetOf(agent, { awayMs: 1000 });
  const model = await target.load(endless);
  const [child] = childrenOf(agent.process.pid!);
  const lost = model.run(new Float32Array(4), [4]);
  lost.catch(() => undefined);
  await new Promise((done) => setTimeout(done, 300));
  agent.process.kill("SIGKILL");
  await expect(lost).rejects.toThrow(/is gone \(\w+; tried for 1 s\); want an agent that answers/);
  await expect.poll(() => isRunning(child!), { timeout: 10_000 }).toBe(false);
});

test("a caller whose clock is a year off is understood", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startHere(["--port", "0", "--token-file", tokenFile]);
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() - 365 * 86_400_000);
  const target = targetOf(agent);
  await target.environment();
  // And one that moves meanwhile.
  vi.spyOn(Date, "now").mockImplementation(() => now() + 86_400_000);
  expect((await target.environment()).node).toBe(process.version);
});

test("a host that others reach is refused without a certificate, and a port that is in use", async () => {
  await expect(agentHere({ host: "0.0.0.0" })).rejects.toThrow("0.0.0.0 without a certificate");
  const { url } = await agentHere();
  await expect(agentHere({ port: Number(new URL(url).port) })).rejects.toThrow(
    "is in use; want an address that is free",
  );
  await expect(agentHere({ tokenFile: "/dev/null" })).rejects.toThrow("/dev/null is empty");
  expect(tokenText.length).toBeGreaterThanOrEqual(16);
});

test("an agent whose host is frozen in the midst of a call is away soon, and its models are there when it moves again", async () => {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startHere(["--port", "0", "--token-file", tokenFile]);
  const target = targetOf(agent, { awayMs: 500 });
  const model = await target.load(bytes);
  agent.process.kill("SIGSTOP");
  const began = performance.now();
  await expect(model.run(new Float32Array(784), dims)).rejects.toMatchObject({ code: "target/away" });
  expect(performance.now() - began).toBeLessThan(15_000);
  agent.process.kill("SIGCONT");
  expect((await model.run(new Float32Array(784), dims)).outputs.size).toBe(1);
});

test("an agent that needs long for a call, and says who it is meanwhile, is waited for", async () => {
  const waited: string[] = [];
  const target = targetOf(await agentHere({ limits: { callMs: 8000 } }), {
    awayMs: 500,
    onWait: (reason) => waited.push(reason),
  });
  const model = await target.load(endless);
  await expect(model.run(Float32Array.of(-1, 0, 1, 2), [4])).rejects.toThrow("ended: a call took longer than 8 s");
  expect(waited).toEqual([expect.stringContaining("has not answered for 5 s")]);
});
