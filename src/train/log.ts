/** RUN/log.jsonl: one JSON object per line, appended as the run goes and cut back to the checkpoint when it resumes. */
import { appendFile, readFile } from "node:fs/promises";
import { writeError, writeFileAtomic } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import type { Role } from "./sandwich.js";

/** Results of the children of one role: means over the steps since the last line. */
export interface RoleLog {
  /** Cross-entropy in nats: to the labels for the biggest child, to its soft labels for the others. */
  readonly loss: number;
  /** On the training crops, 0 to 1. */
  readonly accuracy: number;
}

/** A line of log.jsonl. Each role of the sandwich that trained has its means. */
export interface LogLine extends Readonly<Partial<Record<Role, RoleLog>>> {
  /** Steps done. */
  readonly step: number;
  /** Passes over the training images, a fraction. */
  readonly epoch: number;
  /** Images that share batch norm statistics, where `--norm-group` (`TrainOptions.normGroup`) says it. */
  readonly normGroup?: number;
  /** What weights and activations were rounded to in the last step, where the recipe's `quantization` has begun. */
  readonly bits?: number;
  /** Rate of the last step. */
  readonly learningRate: number;
  /** Euclidean norm of the last step's gradient, before it was clipped. */
  readonly gradientNorm: number;
  /** Training images per second since the last line. */
  readonly imagesPerSecond: number;
  /** Share of the time since the last line, 0 to 1, that the engine waited for images. */
  readonly waited: number;
}

export async function appendLog(path: string, line: LogLine): Promise<void> {
  await appendFile(path, `${JSON.stringify(line)}\n`).catch((error: unknown) => {
    throw writeError(path, error);
  });
}

/**
 * Reads the lines up to a step; none if there is no file. Drops a half-written last line.
 * @throws UserError `train/log` if the file can't be read
 */
export async function readLog(path: string, upToStep = Infinity): Promise<LogLine[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const got = foundInstead(error);
    if (got === "missing") return "";
    const fix = "Make it readable, or move it away to start a new log.";
    throw new UserError("train/log", { at: path, got, want: "the log of the run", fix }, { cause: error });
  });
  return text
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine | null];
      } catch {
        return [];
      }
    })
    .filter((line): line is LogLine => line !== null && line.step <= upToStep);
}

export async function cutLog(path: string, upToStep: number): Promise<void> {
  const lines = await readLog(path, upToStep);
  await writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
