/** What an agent allows. */
import { totalmem } from "node:os";

/** What one agent allows its callers. */
export interface AgentLimits {
  /** Bytes of a model's file: 256 MiB by default. */
  readonly modelBytes: number;
  /** Bytes of an input: 64 MiB by default. */
  readonly inputBytes: number;
  /** Bytes of all requests' bodies that are read or wait for their turn at once: 512 MiB by default. */
  readonly bodiesBytes: number;
  /** Until a request's body has arrived, in ms: a minute by default. */
  readonly bodyMs: number;
  /** Time of one call, loading a model, a run or a stretch of rounds, in ms: two minutes by default. */
  readonly callMs: number;
  /** Until a session that asks for nothing ends, in ms: half a minute by default. */
  readonly idleMs: number;
  /** Bytes of memory that the process with the models may take: half of the machine's memory by default. */
  readonly memoryBytes: number;
  /** Models that all callers load in a minute: 1200 by default. */
  readonly modelsPerMinute: number;
  /** Sessions that wait: 64 by default. */
  readonly waiting: number;
}

export const defaultLimits = (): AgentLimits => {
  // 0, or more than there is, where nothing constrains this process.
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    modelBytes: 256 * 2 ** 20,
    inputBytes: 64 * 2 ** 20,
    bodiesBytes: 512 * 2 ** 20,
    bodyMs: 60_000,
    callMs: 120_000,
    idleMs: 30_000,
    memoryBytes: Math.floor(memory / 2),
    modelsPerMinute: 1200,
    waiting: 64,
  };
};
