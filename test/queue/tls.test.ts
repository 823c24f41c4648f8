/** rediss:// with a server, an authority and users of the test's own: each process learns of the authority as a user's would. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { authority } from "../authority.js";
import { runNestling } from "../cli/bad-input.js";
import { makeFinishedRun, searchArgs, shortly } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { hasRedis, needsRedis, startRedis, startTlsRedis } from "./redis-server.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** Nobody without a name; one that may do what docs/many-machines.md says; one that may only look. */
const users = [
  ...["--user", "default", "off"],
  ...["--user", "nestling", "on", ">xyzzy", "~nestling:*", "+@all"],
  ...["--user", "guest", "on", ">xyzzy", "~*", "+@read", "+@connection"],
];

describe.skipIf(!hasRedis)(`a queue over TLS${needsRedis}`, () => {
  test("a search and a worker share it, as a user that may use nestling's keys alone; search.json has the bytes of one machine's", async () => {
    const [folder, { ca, signed }] = [await temporaryFolder(), await authority()];
    const run = await makeFinishedRun(folder);
    const { port } = await startTlsRedis({ ca, ...(await signed("redis")) }, ...users);
    const queue = ["--queue", `rediss://nestling:xyzzy@localhost:${port}`];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca };
    const worker = spawn(process.execPath, [main, "worker", run, ...queue, "--json"], { cwd: folder, env });
    onTestFinished(() => void worker.kill("SIGKILL"));
    const [printed, ended] = [text(worker.stdout), once(worker, "exit")];
    let said = "";
    worker.stderr.on("data", (more) => (said += String(more)));
    await expect.poll(() => said, { timeout: 30_000 }).toContain("for searches of");

    const search = async (out: string, ...more: readonly string[]): Promise<string> => {
      const args = ["search", run, "--budget", "macs=1M", "--recalibration-images", "64", ...shortly];
      const { status, stderr } = await runNestling([...args, "--out", out, ...more], {
        cwd: folder,
        env: { NODE_EXTRA_CA_CERTS: ca },
      });
      expect(status, stderr).toBe(0);
      expect(stderr).not.toContain("xyzzy");
      return readFile(join(folder, out, "search.json"), "utf8");
    };
    expect(await search("together", ...queue)).toBe(await search("alone"));
    worker.kill("SIGINT");
    expect(await ended, said).toEqual([0, null]);
    expect((JSON.parse(await printed) as { judged: number }).judged).toBeGreaterThan(0);
    expect(said).not.toContain("xyzzy");
  });

  test("whoever is not trusted, or does not trust, is refused at once, with exit code 2", async () => {
    const [folder, { ca, signed }, other] = [await temporaryFolder(), await authority(), await authority()];
    const run = await makeFinishedRun(folder);
    const certificate = await signed("redis");
    const known = await startTlsRedis({ ca, ...certificate }, ...users);
    const renamed = await startTlsRedis({ ca, ...(await signed("renamed", "DNS:redis.lan")) });
    const asking = await startTlsRedis({ ca, ...certificate }, "--tls-auth-clients", "yes");
    const [mine, theirs] = [{ NODE_EXTRA_CA_CERTS: ca }, { NODE_EXTRA_CA_CERTS: other.ca }];
    const user = `rediss://nestling:xyzzy@127.0.0.1:${known.port}`;
    const untrusted = /certificate this machine doesn't trust.*NODE_EXTRA_CA_CERTS/;
    const cases = [
      [user, theirs, untrusted],
      [user, {}, untrusted],
      [renamed.url, mine, /certificate is of another name/],
      [asking.url, mine, /cuts the connection off.*--tls-auth-clients no/],
      [`redis://127.0.0.1:${known.port}`, mine, /cuts the connection off.*write rediss:\/\//],
      [known.url, mine, /asks for a password/],
      [`rediss://nestling:plugh@127.0.0.1:${known.port}`, mine, /refuses this name and password/],
      [`rediss://guest:xyzzy@127.0.0.1:${known.port}`, mine, /user may not do what a queue does/],
    ] as const;
    for (const [queue, env, says] of cases) {
      const { status, stdout, stderr } = await runNestling(["worker", run, "--queue", queue], { cwd: folder, env });
      expect([status, stdout], stderr).toEqual([2, ""]);
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/xyzzy|plugh/);
    }
    const search = await runNestling([...searchArgs(run), "--out", "found", "--queue", user], {
      cwd: folder,
      env: theirs,
    });
    expect([search.status, search.stderr]).toEqual([2, expect.stringMatching(untrusted)]);
  });

  test("rediss:// to a Redis without TLS is refused", async () => {
    const folder = await temporaryFolder();
    const run = await makeFinishedRun(folder);
    const { port } = await startRedis();
    const { status, stderr } = await runNestling(["worker", run, "--queue", `rediss://127.0.0.1:${port}`], {
      cwd: folder,
    });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/shakes no hands over TLS within 10 seconds.*Where its port is a plain one, write redis:/),
    ]);
  });
});
