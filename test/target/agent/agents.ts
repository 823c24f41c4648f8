/** Real agents on loopback, gone when the test is done. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { agentTarget, type AgentTargetOptions } from "../../../src/target/agent/agent-target.js";
import { startAgent, type Agent, type AgentOptions } from "../../../src/target/agent/start-agent.js";
import type { Target } from "../../../src/target/target.js";
import { temporaryFolder } from "../../temporary-folder.js";

export const tokenText = "a-token-for-tests-alone";

export async function tokenFileIn(folder: string): Promise<string> {
  const file = join(folder, "token");
  await writeFile(file, `${tokenText}\n`);
  return file;
}

export async function agentHere(options: AgentOptions = {}): Promise<Agent> {
  const tokenFile = await tokenFileIn(await temporaryFolder());
  const agent = await startAgent({ port: 0, tokenFile, ...options });
  onTestFinished(() => agent.close());
  return agent;
}

export function targetOf(agent: Pick<Agent, "url">, options: Partial<AgentTargetOptions> = {}): Target {
  const target = agentTarget({ url: agent.url, token: tokenText, awayMs: 2000, ...options });
  onTestFinished(() => target.close());
  return target;
}
