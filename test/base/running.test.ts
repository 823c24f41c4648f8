import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isRunning } from "../../src/base/running.js";

test("a process runs until it ends; one that nobody has collected yet has ended", async () => {
  expect(isRunning(process.pid)).toBe(true);
  expect(isRunning(spawnSync(process.execPath, ["-e", ""]).pid)).toBe(false);
  // A shell whose child ends while the shell never asks for it.
  const shell = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  const [pid] = (await once(shell.stdout, "data")) as [Buffer];
  expect(isRunning(Number(pid))).toBe(true);
  await expect.poll(() => isRunning(Number(pid)), { timeout: 5000 }).toBe(false);
  expect(process.kill(Number(pid), 0)).toBe(true);
  shell.kill("SIGKILL");
});
