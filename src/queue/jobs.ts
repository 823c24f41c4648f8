/**
 * The kinds of jobs and of their results. Others may write to Redis: both are checked wherever they are read, and a job holds nothing
 * but numbers and ids of the run that a worker was started with. A job's key is a hash of all that its result follows from.
 */
import { z } from "zod";
import { newestOpset, oldestOpset } from "../compile/opsets.js";
import { precisionNames } from "../compile/precisions.js";
import { sha256Of } from "../base/hash.js";
import { canonicalJson } from "../base/seal.js";
import { numericsSchema, sessionSchema } from "../evaluate/session-schema.js";
import { identitySchema } from "./run-identity.js";

const whole = z.int().min(0).max(1e9);
/** An architecture's id; in a search over several precisions it ends with the name of one. */
const id = z.string().regex(/^[0-9a-z]{1,1000}(\.[0-9a-z-]{1,40})?$/, "a child's id");

const shared = {
  run: identitySchema,
  recalibrationImages: whole.min(1),
  opset: z.int().min(oldestOpset).max(newestOpset),
  precision: z.enum(precisionNames).optional(),
  maxLoss: z.number().min(0).max(100).optional(),
};

const latency = {
  ...shared,
  /** The search that asks; another search measures again. */
  session: z.string().regex(/^[0-9a-f]{16,64}$/),
  target: z.string().min(1).max(200),
  seed: whole,
  seconds: z.number().positive().max(3600),
  differences: z.enum(["refused", "noted"]),
};

export const jobSchema = z.discriminatedUnion("kind", [
  /** A child on the first validation images. */
  z.strictObject({ kind: z.literal("screen"), ...shared, id, images: whole }),
  /** A screened child on the other validation images, from `from` on. */
  z.strictObject({ kind: z.literal("complete"), ...shared, id, from: whole.min(1), images: whole }),
  /** A child's latency, shortly. */
  z.strictObject({ kind: z.literal("time"), ...latency, id }),
  /** Latencies of several children in one session that decides. */
  z.strictObject({ kind: z.literal("decide"), ...latency, ids: z.array(id).min(1).max(1000) }),
  /** How the target computes the probe of a child's certificate. */
  z.strictObject({ kind: z.literal("compute"), ...latency, id }),
]);

export type Job = z.output<typeof jobSchema>;
export type JobOf<K extends Job["kind"]> = Extract<Job, { kind: K }>;

/** Jobs that only the workers of a target can do. */
export type TargetJob = JobOf<"time" | "decide" | "compute">;

const hits = z.string().regex(/^[0-9a-f]*$/);
const ms = z.number().min(0);
const interval: z.ZodType<readonly [low: number, high: number]> = z.tuple([ms, ms]);

/** A result for each kind. */
export const resultSchemas = {
  screen: z.strictObject({
    id,
    macs: z.number(),
    parameters: z.number(),
    peakBytes: z.number(),
    fileBytes: z.number(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    losesTooMuch: z.literal(true).optional(),
    hits,
    softAccuracy: z.number(),
  }),
  complete: z.strictObject({ id, hits }),
  time: z.strictObject({ id, latencyMs: ms, latencyIntervalMs: interval }),
  decide: z.array(
    sessionSchema
      .required({ quantilesMs: true, courseMs: true, scale: true, profileSessions: true })
      .extend({ name: id, undisturbedMs: ms }),
  ),
  compute: z.strictObject({ id, numerics: numericsSchema.optional() }),
} as const;

export type ResultOf<K extends Job["kind"]> = z.output<(typeof resultSchemas)[K]>;

/** The same for the same content. */
export const jobKey = (job: Job): string => sha256Of(canonicalJson(job));

/** Where every worker of the run takes jobs from. */
export const judgingQueue = (run: string): string => `judge-${run}`;

/** Where the workers of one target take jobs from. */
export const timingQueue = (run: string, target: string): string => `time-${run}-${sha256Of(target).slice(0, 16)}`;

/** All keys in Redis begin with it. */
export const PREFIX = "nestling";

/** Seconds for which results, and what names them, can be used again: by a search that is resumed. */
export const KEPT_S = 24 * 3600;
