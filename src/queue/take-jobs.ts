/** Takes jobs from a queue, one at a time, until it is closed. */
import type { Job as QueuedJob } from "bullmq";
import { BadJob, type Performer } from "./perform.js";
import { PREFIX, type Job } from "./jobs.js";
import type { OpenRedis } from "./redis.js";

/** A worker that said nothing for so long has gone: another one does its job. What it does nevertheless gives the same result. */
const LOCK_MS = 15_000;
const STALLED_LOOK_MS = 5000;
/** A job in whose midst so many workers went is what ends them. */
const MAX_STALLED = 20;

/** Work that may not run beside other work of this process: latency and accuracy never share its cores. */
export type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/** One after the other, in the order in which they came. */
export function oneAfterTheOther(): Alone {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

export interface Taking {
  /** Ends after the job at hand. */
  close(): Promise<void>;
}

/** @param onDone called after each job */
export function takeJobs(
  { bullmq, connect }: OpenRedis,
  name: string,
  { check, perform }: Performer,
  alone: Alone,
  onDone: (job: Job) => void = () => undefined,
): Taking {
  const work = async ({ data, id }: QueuedJob): Promise<unknown> => {
    let job: Job;
    try {
      job = check(data, id);
    } catch (error) {
      if (error instanceof BadJob) throw new bullmq.UnrecoverableError(`a job that is refused: ${error.message}`);
      throw error;
    }
    const result = await alone(() => perform(job));
    onDone(job);
    return result;
  };
  const worker = new bullmq.Worker(name, work, {
    connection: connect(),
    prefix: PREFIX,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_LOOK_MS,
    maxStalledCount: MAX_STALLED,
    // A queue that was empty is asked again at least so often, in seconds: a job that Redis lost and has again is found.
    drainDelay: 2,
  });
  // Redis is away, or the job was done by another one: the queue's state says what is next.
  worker.on("error", () => undefined);
  return { close: () => worker.close() };
}
