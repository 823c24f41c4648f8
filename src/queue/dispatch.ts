/**
 * Asks for jobs and waits for their results. Redis holds the state: events only say that it is worth a look, and a look now and then finds
 * what an event that was lost would have said, or a job that Redis lost.
 */
import type { Job as QueuedJob, Queue } from "bullmq";
import { UserError } from "../base/user-error.js";
import { jobKey, KEPT_S, PREFIX, resultSchemas, type Job, type JobOf, type ResultOf } from "./jobs.js";
import type { OpenRedis } from "./redis.js";

const LOOK_MS = 2000;
/** A failure may be of one machine: another one may do it. */
const ATTEMPTS = 3;

export interface Dispatcher {
  /**
   * The job's result: of this job, or of one with the same content that was done before.
   * @throws UserError `queue/job` where workers failed
   */
  ask<K extends Job["kind"]>(job: JobOf<K>): Promise<ResultOf<K>>;
  /** Withdraws what nobody has begun, unless the signal ended it. */
  close(): Promise<void>;
}

interface Asked {
  readonly job: Job;
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * @param onStalled called when a worker has gone in the midst of a job, which another one does then
 */
export async function dispatcher(
  { bullmq, commands, connect }: OpenRedis,
  name: string,
  { signal, onStalled }: { readonly signal?: AbortSignal | undefined; readonly onStalled?: () => void } = {},
): Promise<Dispatcher> {
  const queue: Queue = new bullmq.Queue(name, { connection: commands, prefix: PREFIX });
  const events = new bullmq.QueueEvents(name, { connection: connect(), prefix: PREFIX });
  // Redis is away: connections wait for it.
  queue.on("error", () => undefined);
  events.on("error", () => undefined);
  const asked = new Map<string, Asked>();
  const settle = (key: string, of: (asked: Asked) => void): void => {
    const found = asked.get(key);
    asked.delete(key);
    if (found) of(found);
  };

  const add = async (key: string, job: Job): Promise<void> => {
    const before = (await queue.getJob(key)) as QueuedJob | undefined;
    // One that failed earlier is tried again.
    if (before && (await before.isFailed())) await before.remove();
    await queue.add(job.kind, job, {
      jobId: key,
      attempts: ATTEMPTS,
      backoff: { type: "fixed", delay: 1000 },
      removeOnComplete: { age: KEPT_S },
      removeOnFail: { age: KEPT_S },
    });
  };

  const look = async (key: string): Promise<void> => {
    const found = asked.get(key);
    if (!found) return;
    // The state first: what is read of a job before it was completed has no result.
    const state = await queue.getJobState(key);
    const queued = (await queue.getJob(key)) as QueuedJob | undefined;
    if (!queued) {
      await add(key, found.job);
      return;
    }
    if (state === "completed") {
      const parsed = resultSchemas[found.job.kind].safeParse(queued.returnvalue);
      settle(key, ({ resolve, reject }) => {
        if (parsed.success && isOf(found.job, parsed.data)) resolve(parsed.data);
        else reject(new UserError("queue/job", badResult(found.job)));
      });
    } else if (state === "failed") {
      settle(key, ({ job, reject }) => {
        reject(new UserError("queue/job", failed(job, queued.failedReason)));
      });
    }
  };
  const seen = ({ jobId }: { jobId: string }): void => {
    look(jobId).catch(() => undefined);
  };
  events.on("completed", seen).on("failed", seen);
  events.on("stalled", ({ jobId }) => {
    if (asked.has(jobId)) onStalled?.();
  });

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void (async () => {
      // One that is asked twice by two looks is settled once.
      for (const key of [...asked.keys()]) await look(key);
    })()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_MS);
  const abort = (): void => {
    for (const key of [...asked.keys()]) {
      settle(key, ({ reject }) => {
        reject(signal?.reason);
      });
    }
  };
  signal?.addEventListener("abort", abort);
  await events.waitUntilReady();

  return {
    async ask<K extends Job["kind"]>(job: JobOf<K>): Promise<ResultOf<K>> {
      signal?.throwIfAborted();
      const key = jobKey(job);
      const already = asked.get(key);
      if (already) return (await already.promise) as ResultOf<K>;
      const one = askedOf(job);
      asked.set(key, one);
      await add(key, job);
      seen({ jobId: key });
      return (await one.promise) as ResultOf<K>;
    },
    async close() {
      clearInterval(timer);
      signal?.removeEventListener("abort", abort);
      const left = [...asked.keys()];
      asked.clear();
      for (const key of left) await queue.remove(key).catch(() => undefined);
      await Promise.all([events.close(), queue.close()]);
    },
  };
}

function askedOf(job: Job): Asked {
  let settlers: Pick<Asked, "resolve" | "reject"> | undefined;
  const promise = new Promise<unknown>((resolve, reject) => (settlers = { resolve, reject }));
  // Who asks may still be at work on the question.
  promise.catch(() => undefined);
  return { job, promise, ...settlers! };
}

/** Whether a result is of the job's children, and of as many images as it asked for. */
function isOf(job: Job, result: ResultOf<Job["kind"]>): boolean {
  if (job.kind === "decide" || Array.isArray(result)) {
    return job.kind === "decide" && Array.isArray(result) && String(result.map(({ name }) => name)) === String(job.ids);
  }
  const images = job.kind === "screen" ? job.images : job.kind === "complete" ? job.images - job.from : 0;
  return result.id === job.id && (!("hits" in result) || result.hits.length === Math.ceil(images / 4));
}

const childrenOf = (job: Job): string => (job.kind === "decide" ? `${job.ids.length} children` : `child ${job.id}`);

const failed = (job: Job, reason: string | undefined) => ({
  at: childrenOf(job),
  got: `not judged: ${reason ?? "its workers failed"}`,
  want: "a worker that judges it",
  fix: "Fix the machine that failed, or end its worker, and search again with --resume.",
});

const badResult = (job: Job) => ({
  at: childrenOf(job),
  got: "judged by something else than nestling: its result in Redis can't be read",
  want: "a queue that nestling alone writes",
  fix: "Empty it, or give a Redis of its own, and search again with --resume.",
});
