/** Means of a run's steps, written as a line of the log every few steps. */
import { appendLog, type LogLine, type RoleLog } from "./log.js";
import type { ChildResult, Role } from "./sandwich.js";
import type { Intervals, RunLength } from "./schedule.js";

/** A step's figures that the log records as they are. */
export interface StepFigures {
  readonly learningRate: number;
  /** Norm before clipping. */
  readonly gradientNorm: number;
  /** What it rounded to, if it did. */
  readonly bits: number | undefined;
}

export interface Logbook {
  /** Adds the results of one norm group's children. */
  add(children: readonly ChildResult[], images: number): void;
  /** Adds time that the engine waited for images. */
  waited(ms: number): void;
  /** After a step: writes a line if one is due. @param done steps done */
  after(done: number, figures: StepFigures): Promise<void>;
  /** The last line written. */
  readonly last: LogLine | undefined;
}

export interface LogbookOptions {
  /** The file; undefined on ranks that don't write. */
  readonly path: string | undefined;
  readonly length: RunLength;
  /** Images of a norm group, where the run's options say it. */
  readonly normGroup: number | undefined;
  readonly intervals: Intervals;
  /** Steps done before this call. */
  readonly from: number;
  readonly onLog: ((line: LogLine) => void) | undefined;
}

export function logbook({ path, length, normGroup, intervals, from, onLog }: LogbookOptions): Logbook {
  const { totalSteps, stepsPerEpoch, batch } = length;
  const group = normGroup !== undefined && { normGroup };
  const means = new RoleMeans();
  let last: LogLine | undefined;
  let since = { step: from, time: performance.now() };
  let waitedMs = 0;
  return {
    add: (children, images) => means.add(children, images),
    waited: (ms) => {
      waitedMs += ms;
    },
    async after(step, { learningRate, gradientNorm, bits }) {
      if (step % intervals.log !== 0 && step !== totalSteps) return;
      const now = { step, time: performance.now() };
      const seconds = (now.time - since.time) / 1000;
      const imagesPerSecond = Math.round(((step - since.step) * batch) / seconds);
      const waited = Number(Math.min(1, waitedMs / 1000 / seconds).toFixed(3));
      since = now;
      waitedMs = 0;
      const rounded = bits !== undefined && { bits };
      const speed = { imagesPerSecond, waited };
      last = {
        step,
        epoch: step / stepsPerEpoch,
        ...group,
        ...rounded,
        learningRate,
        gradientNorm,
        ...speed,
        ...means.take(),
      };
      if (path !== undefined) await appendLog(path, last);
      onLog?.(last);
    },
    get last() {
      return last;
    },
  };
}

/** Collects results between two lines. */
class RoleMeans {
  private readonly sums = new Map<Role, { loss: number; correct: number; images: number }>();

  add(children: readonly ChildResult[], images: number): void {
    for (const { role, loss, correct } of children) {
      const sum = this.sums.get(role) ?? { loss: 0, correct: 0, images: 0 };
      this.sums.set(role, { loss: sum.loss + loss, correct: sum.correct + correct, images: sum.images + images });
    }
  }

  take(): Partial<Record<Role, RoleLog>> {
    const means = [...this.sums].map(([role, { loss, correct, images }]) => {
      const rounded = (value: number): number => Number(value.toFixed(5));
      return [role, { loss: rounded(loss / images), accuracy: rounded(correct / images) }] as const;
    });
    this.sums.clear();
    return Object.fromEntries(means);
  }
}
