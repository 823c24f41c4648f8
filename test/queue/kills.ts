/** A search with two workers on a Redis of its own, each of which dies at random moments by kill −9 and is started again. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { random } from "../../src/base/random.js";
import { runNestling } from "../cli/bad-input.js";
import { makeFinishedRun } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { startRedis } from "./redis-server.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
const roles = ["worker", "search", "redis"] as const;

/** What was killed in the searches, and that they ended as those of one machine. */
export interface Killed {
  readonly searches: number;
  readonly kills: Readonly<Record<(typeof roles)[number], number>>;
}

/**
 * Kills until `moments` kills are done, over as many searches as it takes, and compares each search.json with one machine's.
 * @param seed of the moments
 */
export async function killAtRandom(moments: number, seed: number): Promise<Killed> {
  const folder = await temporaryFolder();
  const run = await makeFinishedRun(folder);
  const redis = await startRedis();
  const draw = random(seed, "queue kills");
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const startWorker = () => start("worker", run, "--queue", redis.url);
  const workers = [startWorker(), startWorker()];
  const kills = { worker: 0, search: 0, redis: 0 };
  const left = Array.from({ length: moments }, (_, i) => roles[i % roles.length]!);
  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };

  let searches = 0;
  for (; left.length > 0; searches++) {
    const argsTo = (out: string): readonly string[] => [
      ...["search", run, "--out", join(folder, out), "--budget", "macs=150k", "--budget", "parameters=7k"],
      ...["--fine", "12", "--recalibration-images", `${600 + searches}`, "--seed", `${searches}`, "--seconds", "0.1"],
    ];
    const alone = await runNestling(argsTo(`alone-${searches}`));
    expect(alone.status, alone.stderr).toBe(0);

    const out = `together-${searches}`;
    const startSearch = () => {
      const child = start(...argsTo(out), "--queue", redis.url, "--resume");
      let said = "";
      child.stderr!.on("data", (text) => (said = `${said}${String(text)}`.slice(-2000)));
      return { child, ended: once(child, "exit").then(() => said) };
    };
    let search = startSearch();
    let said: string;
    for (;;) {
      const pause = left.length > 0 ? 200 + draw.next() * 2500 : 60_000;
      await Promise.race([delay(pause), search.ended]);
      // A command that finds no Redis when it starts is refused: it is started again, as a service would be.
      for (const [i, worker] of workers.entries()) if (worker.exitCode === 2) workers[i] = startWorker();
      if (search.child.exitCode !== null) {
        said = await search.ended;
        if (!said.includes("is no Redis that answers")) break;
        search = startSearch();
      }
      const role = left.shift();
      if (role === undefined) continue;
      kills[role]++;
      if (role === "search") {
        await kill(search.child);
        search = startSearch();
      } else if (role === "redis") {
        await redis.killAndRestart(() => delay(draw.next() * 1000));
      } else {
        const i = draw.integer(workers.length);
        await kill(workers[i]!);
        workers[i] = startWorker();
      }
    }
    expect(search.child.exitCode, said).toBe(0);
    const found = await Promise.all(
      [`alone-${searches}`, out].map((name) => readFile(join(folder, name, "search.json"), "utf8")),
    );
    expect(found[1]).toBe(found[0]);
  }
  return { searches, kills };
}
