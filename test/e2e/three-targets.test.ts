/** A search under budgets of three devices, as a user has it: this machine, an agent, a page in a browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import type { Certificate } from "../../src/deploy/certificate.js";
import type { Candidate, SearchResult } from "../../src/search/search-file.js";
import { makeFinishedRun, shortly } from "../cli/finished-run.js";
import { freePort } from "../free-port.js";
import { hasChromium, howToGet } from "../target/browser/chromium.js";
import { temporaryFolder } from "../temporary-folder.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
const BUDGETS = ["latency=1000ms", "latency@board=1001ms", "latency@page=1002ms"];

test.skipIf(!hasChromium)(
  `a search under budgets of this machine, an agent and a page is killed and resumed, and the agent is killed, too${hasChromium ? "" : ` (skipped: ${howToGet})`}`,
  async () => {
    const folder = await temporaryFolder();
    await makeFinishedRun(folder);
    const [agentPort, pagePort] = [await freePort(), await freePort()];
    const board = { kind: "agent", url: `http://localhost:${agentPort}`, tokenFile: "nestling/agent-token" };
    const targets = { board, page: { kind: "browser", port: pagePort } };
    await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets }));
    const start = (...args: readonly string[]): Started => startIn(folder, args);
    const startAgent = (): Started => start("agent", "--port", `${agentPort}`);
    const search = [
      ...["search", "run", "--out", "found", ...BUDGETS.flatMap((budget) => ["--budget", budget])],
      ...["--target", "local", "--target", "board", "--target", "page"],
      ...["--fine", "1", "--recalibration-images", "64", ...shortly],
    ];

    const agent = startAgent();
    await until(() => agent.said().includes("Listening"));
    const first = start(...search);
    await until(() => first.said().includes("http://localhost:"));
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(/http:\/\/localhost:\d+\/#\S+/.exec(first.said())![0]);
    await until(async () => (await candidatesIn(folder)).length >= 3);
    first.child.kill("SIGKILL");
    await first.ended;
    const before = await candidatesIn(folder);

    // The page is still open: it comes back to the resumed search by itself.
    const second = start(...search, "--resume");
    await until(async () => (await candidatesIn(folder)).length > before.length);
    agent.child.kill("SIGKILL");
    await agent.ended;
    startAgent();
    expect(await second.ended, second.said()).toEqual([0, null]);

    const found = JSON.parse(await readFile(join(folder, "found/search.json"), "utf8")) as SearchResult;
    expect(found).toMatchObject({ complete: true, target: "local", otherTargets: ["board", "page"] });
    for (const { latencyMs, otherLatencies } of found.candidates) {
      for (const ms of [latencyMs, otherLatencies?.["board"]?.latencyMs, otherLatencies?.["page"]?.latencyMs]) {
        expect(ms).toBeGreaterThan(0);
      }
    }
    // What was judged before the kill is kept as it was measured.
    expect(found.candidates.slice(0, before.length).map(measuredOf)).toEqual(before.map(measuredOf));
    expect(found.chosen.map(({ budget }) => budget)).toEqual(BUDGETS);
    for (const name of ["latency-1000ms", "latency-board-1001ms", "latency-page-1002ms"]) {
      const text = await readFile(join(folder, `found/children/${name}.json`), "utf8");
      const { target, environment, otherTargets } = JSON.parse(text) as Certificate;
      const environments = [environment, ...otherTargets!.map((other) => other.environment)];
      expect([target, ...otherTargets!.map((other) => other.target)]).toEqual(["local", "board", "page"]);
      expect(environments.map(({ executionProvider }) => executionProvider)).toEqual(["cpu", "cpu", "wasm"]);
    }
  },
  300_000,
);

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  readonly said: () => string;
}

function startIn(cwd: string, args: readonly string[]): Started {
  const env = { ...process.env, XDG_DATA_HOME: cwd };
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => (said += more));
  }
  return { child, ended: once(child, "exit"), said: () => said };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(50);
}

/** What a search has judged so far. */
async function candidatesIn(folder: string): Promise<readonly Candidate[]> {
  const text = await readFile(join(folder, "found/search.json"), "utf8").catch(() => undefined);
  return text === undefined ? [] : (JSON.parse(text) as SearchResult).candidates;
}

/** A candidate's screening: the photo finish measures finalists again. */
const measuredOf = ({ id, sha256, latencyMs, screenedLatencyMs, otherLatencies }: Candidate): unknown => ({
  ...{ id, sha256, latencyMs: screenedLatencyMs ?? latencyMs },
  others: Object.entries(otherLatencies ?? {}).map(([name, on]) => [name, on.screenedLatencyMs ?? on.latencyMs]),
});
