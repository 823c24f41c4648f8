/** A search with workers: whoever judges, and whatever they measure on, it is the search of one machine, byte for byte. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { search } from "../../src/deploy/search-and-export.js";
import { openCrew, type CrewOptions, type CrewProgress } from "../../src/queue/crew.js";
import { jobKey, judgingQueue, PREFIX, timingQueue, type Job } from "../../src/queue/jobs.js";
import { identityOf, keyOf } from "../../src/queue/run-identity.js";
import { startWorker, type WorkerJob, type WorkerOptions } from "../../src/queue/worker.js";
import { parseBudgets } from "../../src/search/budget.js";
import { coarseGrid } from "../../src/search/grid.js";
import { searchRun, type SearchOptions } from "../../src/search/search.js";
import { idOf } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";
import { tinyRun } from "../search/tiny-run.js";
import { hasRedis, needsRedis, startRedis, type RedisServer } from "./redis-server.js";

const run = await tinyRun();
const { space } = run.supernet;
const accuracyAlone = { budgets: parseBudgets(["macs=120k", "parameters=6k"]) };
const byLatency = { budgets: parseBudgets(["latency@board=0.7ms", "latency@phone=39.6ms", "macs=120k"]) };

/** A device on which a child takes 1 ms for every 20 kB of its file; a phone is slow where the board is fast. */
const board = () => mockTarget({ name: "board", msOf: ({ bytes }) => bytes.length / 20_000 });
const phone = () => mockTarget({ name: "phone", msOf: ({ bytes }) => 40 - bytes.length / 20_000 });

async function searched(options: Pick<SearchOptions, "budgets"> & Partial<SearchOptions>): Promise<string> {
  const file = options.file ?? join(await temporaryFolder(), "search.json");
  await searchRun(run, { fineCandidates: 4, recalibrationImages: 300, seconds: 0.1, ...options, file });
  return readFileSync(file, "utf8");
}

async function crewOf({ url }: RedisServer, options: Partial<CrewOptions> = {}) {
  const crew = await openCrew(run, { queue: url, ...options });
  onTestFinished(() => crew.close());
  return crew;
}

/** A worker and what it has done. */
async function workerOf({ url }: RedisServer, options: Partial<WorkerOptions> = {}) {
  const done: WorkerJob[] = [];
  const worker = await startWorker(run, { queue: url, onJob: (job) => done.push(job), ...options });
  onTestFinished(() => worker.close());
  return { done, close: () => worker.close() };
}

describe.skipIf(!hasRedis)(`a crew over Redis${needsRedis}`, () => {
  test("search.json has the bytes of one machine's, whether others help or nobody does; the workers judged a good part, each child once", async () => {
    const alone = await searched(accuracyAlone);
    const redis = await startRedis();
    expect(await searched({ ...accuracyAlone, crew: await crewOf(redis) })).toBe(alone);

    const other = await startRedis();
    const workers = [await workerOf(other), await workerOf(other)];
    const progress: CrewProgress[] = [];
    const crew = await crewOf(other, { onProgress: (now) => progress.push(now) });
    expect(await searched({ ...accuracyAlone, crew })).toBe(alone);
    const ids = workers.flatMap(({ done }) => done.filter(({ kind }) => kind === "screen").flatMap((job) => job.ids));
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(ids.length);
    expect(progress.at(-1)).toEqual({ workers: 2, ahead: 0 });
    expect(Math.max(...progress.map(({ ahead }) => ahead))).toBeGreaterThan(0);
  });

  test("of several precisions, too: latencies and accuracies of each from the workers, with one machine's bytes and certificates", async () => {
    const budgets = parseBudgets(["latency@board=2ms"]);
    const options = { budgets, precision: ["float32", "float16"] as const, fineCandidates: 1, seconds: 0.1 };
    const of = async (found: Pick<SearchOptions, "target" | "crew">) => {
      const out = await temporaryFolder();
      const { children } = await search(run, { ...options, recalibrationImages: 100, out, ...found });
      const [{ certificate }] = children as [(typeof children)[0]];
      return { text: readFileSync(join(out, "search.json"), "utf8"), certificate };
    };
    const alone = await of({ target: board() });
    const redis = await startRedis();
    const boards = await workerOf(redis, { targets: [board()] });
    await workerOf(redis);
    const crew = await crewOf(redis);
    const shared = await of({ target: crew.target("board")!, crew });
    expect(shared.text).toBe(alone.text);
    expect(shared.certificate.latencyMs).toBe(alone.certificate.latencyMs);
    const timed = boards.done.filter(({ kind }) => kind === "time").flatMap(({ ids }) => ids);
    expect(new Set(timed.map((id) => id.slice(id.indexOf("."))))).toEqual(new Set([".float32", ".float16"]));
  });

  test("latencies come from the target's own workers, or from the search where no worker serves one; the bytes are one machine's", async () => {
    const here = phone();
    const alone = await searched({ ...byLatency, target: board(), otherTargets: [here] });

    const redis = await startRedis();
    const [boards, judges] = [await workerOf(redis, { targets: [board()] }), await workerOf(redis)];
    const notes: string[] = [];
    const crew = await crewOf(redis, { onNote: (line) => notes.push(line) });
    expect(crew.target("phone")).toBeUndefined();
    const own = phone();
    const targets = { target: crew.target("board")!, otherTargets: [own] };
    expect(await searched({ ...byLatency, ...targets, crew })).toBe(alone);
    expect(notes).toEqual(["Latency on board is measured by the workers that serve it."]);
    expect(new Set(boards.done.map(({ kind }) => kind))).toEqual(new Set(["time", "decide"]));
    expect(new Set(judges.done.map(({ kind }) => kind))).toEqual(new Set(["screen", "complete"]));
    // Every child was timed once on each, as on one machine.
    const timed = boards.done.filter(({ kind }) => kind === "time").flatMap(({ ids }) => ids);
    expect(new Set(timed).size).toBe(timed.length);
    expect(own.log.length).toBe(here.log.length);
  });

  test("certificates have the latencies and the environment of the target's workers, also where the search was finished before", async () => {
    const redis = await startRedis();
    await workerOf(redis, { targets: [board()] });
    const out = await temporaryFolder();
    const outcome = async (resume: boolean) => {
      const crew = await crewOf(redis, { resume });
      const options = { budgets: parseBudgets(["latency@board=0.7ms"]), recalibrationImages: 300, seconds: 0.1 };
      return search(run, { ...options, fineCandidates: 1, out, resume, target: crew.target("board")!, crew });
    };
    const first = await outcome(false);
    const [{ certificate }] = first.children as [(typeof first.children)[0]];
    expect(certificate).toMatchObject({ target: "board", environment: { cpu: "mock" } });
    expect(certificate.latencyMs).toBeCloseTo(certificate.fileBytes / 20_000, 9);
    const again = await outcome(true);
    expect(again.children[0]!.certificate.latencyMs).toBe(certificate.latencyMs);
  });

  test("certificates say how the workers' target computes their probes, as those of one machine do; also where the search was finished before", async () => {
    // It computes nothing: its logits are off by the largest of a probe, which tells probes apart.
    const idle = () =>
      mockTarget({
        ...{ name: "board", msOf: ({ bytes }) => bytes.length / 20_000 },
        outputsOf: (_, [images = 0]) => new Map([["logits", new Float32Array(images * run.data.classes.length)]]),
      });
    const numericsOf = async (options: Pick<SearchOptions, "target" | "crew" | "resume">, out: string) => {
      const shared = { recalibrationImages: 300, seconds: 0.1, fineCandidates: 1, differences: "noted" } as const;
      const budgets = parseBudgets(["latency@board=0.7ms", "macs=120k"]);
      const { children } = await search(run, { ...shared, budgets, out, ...options });
      return children.map(({ certificate }) => certificate.latency.numerics);
    };
    const alone = await numericsOf({ target: idle() }, await temporaryFolder());
    for (const numerics of alone) expect(numerics!.maxDifference).toBeGreaterThan(numerics!.tolerance);

    const redis = await startRedis();
    const { done } = await workerOf(redis, { targets: [idle()] });
    const out = await temporaryFolder();
    for (const resume of [false, true]) {
      const crew = await crewOf(redis, { resume });
      expect(await numericsOf({ target: crew.target("board")!, crew, resume }, out)).toEqual(alone);
    }
    const computed = done.filter(({ kind }) => kind === "compute").flatMap(({ ids }) => ids);
    expect(computed.length).toBeGreaterThan(0);
    expect(new Set(computed).size).toBe(computed.length);
  });

  test("a search that was ended resumes with what is done in the queue; a new one takes accuracies, and measures again", async () => {
    const redis = await startRedis();
    const boards = await workerOf(redis, { targets: [board()] });
    const judges = await workerOf(redis);
    const file = join(await temporaryFolder(), "search.json");
    const budgets = parseBudgets(["latency@board=0.7ms"]);
    const part = async (options: { readonly resume: boolean; readonly endAt?: number }): Promise<string> => {
      const ending = new AbortController();
      const crew = await openCrew(run, { queue: redis.url, resume: options.resume, signal: ending.signal });
      try {
        return await searched({
          ...{ budgets, file, crew, target: crew.target("board")!, resume: options.resume, signal: ending.signal },
          onCandidate: (_, { done }) => {
            if (done === options.endAt) ending.abort(new Error("ended"));
          },
        });
      } finally {
        await crew.close();
      }
    };
    await expect(part({ resume: false, endAt: 20 })).rejects.toThrow("ended");
    const whole = await part({ resume: true });
    const timed = () => boards.done.filter(({ kind }) => kind === "time").flatMap(({ ids }) => ids);
    const times = timed().length;
    expect(new Set(timed()).size).toBe(times);
    expect(whole).toBe(await searched({ budgets, target: board() }));
    const judged = judges.done.length;
    expect(await part({ resume: false })).toBe(whole);
    expect(judges.done.length).toBe(judged);
    expect(timed().length).toBe(2 * times);
  });

  test("what a search left that was never resumed goes after a day, with the next search; what is younger stays", async () => {
    const redis = await startRedis();
    const connection = { host: "127.0.0.1", port: redis.port };
    const commands = new Redis(redis.port);
    onTestFinished(() => commands.disconnect());
    const leave = async (name: string, hours: number): Promise<void> => {
      const queue = new Queue(name, { connection, prefix: PREFIX });
      for (const jobId of ["first", "later"])
        await queue.add("screen", {}, { jobId, delay: jobId === "later" ? 1e9 : 0 });
      const [seconds] = await commands.time();
      // As it is when so many hours have passed.
      const events = `${PREFIX}:${name}:events`;
      await commands.del(events);
      await commands.xadd(events, `${Number(seconds) - hours * 3600}000-0`, "event", "waiting", "jobId", "first");
      await queue.close();
    };
    const keysOf = async (name: string) => (await commands.keys(`${PREFIX}:${name}:*`)).length;
    await leave(judgingQueue("old"), 25);
    await leave(timingQueue("old", "board"), 25);
    await leave(judgingQueue("young"), 23);
    const young = await keysOf(judgingQueue("young"));
    expect(young).toBeGreaterThan(3);
    await crewOf(redis);
    const old = async () => (await keysOf(judgingQueue("old"))) + (await keysOf(timingQueue("old", "board")));
    await expect.poll(old, { timeout: 10_000 }).toBe(0);
    expect(await keysOf(judgingQueue("young"))).toBe(young);
  });

  test("a worker of another run is refused, with what differs; a search says which workers can't help it", async () => {
    const redis = await startRedis();
    const other = { ...run, weightsHash: "0".repeat(64), data: { ...run.data, fingerprint: "1".repeat(64) } };
    const waiting = await startWorker(other, { queue: redis.url });
    onTestFinished(() => waiting.close());
    const notes: string[] = [];
    const crew = await crewOf(redis, { onNote: (line) => notes.push(line) });
    expect(notes).toEqual([
      expect.stringMatching(/^The worker on .* has another weights and data set: it does not help\.$/),
    ]);
    await expect(startWorker(other, { queue: redis.url })).rejects.toThrow(
      /the worker's run is another one than that of the search on .*; want the same weights and data set\. Start the worker with a copy/,
    );
    await searched({ ...accuracyAlone, fineCandidates: 1, crew });
  });

  test("two devices can't serve one name", async () => {
    const redis = await startRedis();
    await workerOf(redis, { targets: [board()] });
    const other = { ...board(), environment: async () => ({ ...(await board().environment()), cpu: "another" }) };
    await expect(startWorker(run, { queue: redis.url, targets: [other] })).rejects.toThrow(
      /the target board is served on .*, too, by another device \(mock, mock, 1 thread\); want the same device as here \(another, mock, 1 thread\)/,
    );
  });

  test("what others wrote into the queue is refused and ends no worker; a result that nestling did not write is reported", async () => {
    const redis = await startRedis();
    const connection = { host: "127.0.0.1", port: redis.port };
    const queue = new Queue(judgingQueue(keyOf(identityOf(run))), { connection, prefix: PREFIX });
    onTestFinished(() => queue.close());
    const worker = await workerOf(redis);
    const first = idOf(space, coarseGrid(space)[0]!);
    const good: Job = {
      kind: "screen",
      run: identityOf(run),
      recalibrationImages: 300,
      opset: 17,
      id: first,
      images: 10,
    };
    const bad: readonly [unknown, string | undefined, string][] = [
      [{ ...good, file: "/etc/passwd" }, undefined, "no job of nestling's"],
      [good, "another", "its key is of another job"],
      [{ ...good, images: 1e6 }, undefined, "it asks for 1000000 validation images"],
      [{ ...good, id: "zzzzzzzz" }, undefined, "architecture id is"],
      [{ ...good, run: { ...good.run, weights: "0".repeat(64) } }, undefined, "another weights"],
      ["text", "text", "no job of nestling's"],
    ];
    for (const [data, key = jobKey(data as Job), reason] of bad) {
      const job = await queue.add("x", data, { jobId: key });
      await expect.poll(() => queue.getJobState(job.id!), { timeout: 10_000 }).toBe("failed");
      expect((await queue.getJob(job.id!))!.failedReason).toContain(reason);
    }
    expect(worker.done).toEqual([]);
    // Still at work.
    await queue.add("screen", good, { jobId: jobKey(good) });
    await expect.poll(() => worker.done.length, { timeout: 10_000 }).toBe(1);
    await worker.close();

    const images = Math.ceil(run.validation.length / 2);
    const forged: Job = { ...good, images };
    const stranger = new (await import("bullmq")).Worker(queue.name, async () => ({ id: first, hits: "zz" }), {
      connection,
      prefix: PREFIX,
    });
    await queue.add("screen", forged, { jobId: jobKey(forged) });
    await expect.poll(() => queue.getJobState(jobKey(forged)), { timeout: 10_000 }).toBe("completed");
    await stranger.close();
    await expect(searched({ ...accuracyAlone, crew: await crewOf(redis) })).rejects.toThrow(
      `child ${first} is judged by something else than nestling`,
    );
  });

  test("a child that no worker can judge ends the search with the worker's reason", async () => {
    const redis = await startRedis();
    const broken = { ...board(), load: () => Promise.reject(new Error("the board is on fire")) };
    await workerOf(redis, { targets: [broken] });
    const crew = await crewOf(redis);
    const budgets = parseBudgets(["latency@board=1ms"]);
    await expect(searched({ budgets, target: crew.target("board")!, crew })).rejects.toThrow(
      /child \w+ is not judged: the board is on fire; want a worker that judges it/,
    );
  });
});
