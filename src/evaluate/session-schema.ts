/** The session that a latency is from, as documents have it: certificates, and what workers answer. */
import { z } from "zod";

const interval: z.ZodType<readonly [low: number, high: number]> = z.tuple([z.number(), z.number()]);
const numbers: z.ZodType<readonly number[]> = z.array(z.number());
const texts: z.ZodType<readonly string[]> = z.array(z.string());

const machineState = z.strictObject({
  clockMHz: z.strictObject({ now: z.number(), most: z.number() }).optional(),
  temperatureC: z.number().optional(),
  throttling: texts.optional(),
});

export const numericsSchema = z.strictObject({ maxDifference: z.number(), tolerance: z.number() });

export const sessionSchema = z.strictObject({
  intervalMs: interval.describe("Where another session's undisturbed latency lies, in 95 % of cases."),
  repeatability: z.number().describe("The share by which another session differs at most, in 95 % of cases."),
  p50Ms: z.number().describe("Median of all runs as they were."),
  p90Ms: z.number(),
  minMs: z.number(),
  quantilesMs: numbers.optional().describe("0 %, 5 %, … 100 % of the runs were at most as slow."),
  courseMs: numbers.optional().describe("Median run of each twelfth of the session, in order."),
  firstMs: z.number().optional().describe("Median over the session's loads of the first run after loading."),
  loadMs: z.number().optional().describe("Median over the session's loads of the time that loading takes."),
  seconds: z.number().describe("Length of the session."),
  rounds: z.number(),
  runs: z.number(),
  anchorMs: z.number().describe("The anchor's undisturbed latency in the same session."),
  anchorSpread: z.number(),
  scale: z
    .number()
    .optional()
    .describe("latencyMs is what was measured times this, so that it refers to the anchor of the machine's profile."),
  profileSessions: z
    .number()
    .optional()
    .describe("Sessions of the machine that its profile held; 0: no profile was used, and scale is 1."),
  numerics: numericsSchema
    .optional()
    .describe(
      "Largest |difference| of the probe's logits there, and what it may be; left out where the target gives times alone.",
    ),
  state: z
    .strictObject({ before: machineState, after: machineState })
    .optional()
    .describe("The device's clock, heat and throttling before and after the session, where the system shows them."),
  placement: z
    .record(z.string(), z.strictObject({ nodes: z.int(), operators: z.record(z.string(), z.int()).optional() }))
    .optional()
    .describe(
      "How many of the file's nodes each execution provider runs, after the runtime's optimisation; left out where the CPU was asked for, or where the target can't tell.",
    ),
});
