/** nestling agent as a user runs it: a process here, measured by commands that are others. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { temporaryFolder } from "../temporary-folder.js";
import { runNestling } from "./bad-input.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** Starts an agent in a home of its own; resolves with what it prints until it listens. */
async function agentIn(home: string, ...args: readonly string[]): Promise<{ child: ChildProcess; lines: string[] }> {
  const env = { ...process.env, XDG_DATA_HOME: home };
  const child = spawn(process.execPath, [main, "agent", ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === 3 || line.startsWith("Token: in")) break;
  }
  return { child, lines };
}

test("an agent shows address and token once; commands measure on it by address and by name; a signal ends it", async () => {
  const folder = await temporaryFolder();
  const { child, lines } = await agentIn(folder, "--port", "0");
  const url = lines[0]!.replace("Listening on ", "");
  const tokenFile = join(folder, "nestling/agent-token");
  expect(lines[1]).toBe(`Token, shown this once and kept in ${tokenFile}:`);
  expect(await readFile(tokenFile, "utf8")).toBe(`${lines[2]!}\n`);
  expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);

  const checked = await runNestling(["target", "check", url, "--token-file", tokenFile], { cwd: folder });
  expect(checked.stdout).toContain(`${url} works: the anchor takes`);
  expect(checked.stdout).toContain("its outputs differ from this machine's by 0");

  await writeFile(join(folder, "anchor.onnx"), anchor().bytes);
  const targets = { pi: { kind: "agent", url, tokenFile, threads: 2 } };
  await writeFile(join(folder, "nestling.targets.json"), JSON.stringify({ targets }));
  const both = ["--target", "pi", "--target", "local", "--seconds", "1", "--json"];
  const { status, stdout, stderr } = await runNestling(["bench", "anchor.onnx", ...both], { cwd: folder });
  expect(status, stderr).toBe(0);
  const found = JSON.parse(stdout) as { targets: { target: string; environment: { threads: number } }[] };
  expect(found.targets.map(({ target, environment }) => [target, environment.threads])).toEqual([
    ["pi", 2],
    ["local", 1],
  ]);

  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect((await agentIn(folder, "--port", "0")).lines[1]).toBe(`Token: in ${tokenFile}`);
});

test.each<[readonly string[], string]>([
  [["agent", "--host", "0.0.0.0"], "0.0.0.0 without a certificate; want https"],
  [["agent", "--port", "70000"], "a port from 0 to 65535"],
  [["agent", "--cert", "nowhere.pem"], "the agent's key is missing"],
  [["agent", "--cert", "nowhere.pem", "--key", "nowhere.key"], "nowhere.pem is missing"],
  [["agent", "--token-file", "nowhere"], "nowhere is missing"],
  [["target", "check", "http://127.0.0.1:9"], "given without a token"],
  [["target", "check", "http://"], "the agent's address is http://"],
  [["target", "check", "ftp://pi"], "http[s]://HOST:PORT"],
])("%j ends with exit code 2 and says why", async (args, message) => {
  const { status, stdout, stderr } = await runNestling(args, { cwd: await temporaryFolder() });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});
