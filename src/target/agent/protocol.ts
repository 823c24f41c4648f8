/** What agent and client say to each other. docs/agent.md lists the requests. */
import { z } from "zod";
import type { Problem } from "../../base/user-error.js";

/** Raised when an older client or agent would misunderstand. */
export const PROTOCOL = 1;

/** Every answer of an agent has it: who lacks it is no agent. */
export const PROTOCOL_HEADER = "nestling-protocol";

/** `GET /v1/agent`, open to anyone: what a caller needs to sign requests. */
export interface Hello {
  readonly protocol: number;
  /** The version of nestling. */
  readonly version: string;
  /** Drawn when the agent started. */
  readonly id: string;
  /** The agent's clock, milliseconds since 1970. */
  readonly now: number;
}

/** `GET /v1/queue` */
export interface QueueState {
  /** The session that has the device. */
  readonly active: { readonly id: string; readonly seconds: number } | null;
  /** Those that wait, in order. */
  readonly waiting: readonly { readonly id: string; readonly seconds: number }[];
}

/** `PUT` and `GET /v1/sessions/ID` */
export interface SessionState {
  readonly state: "active" | "waiting";
  /** Sessions before it. */
  readonly ahead: number;
}

/** The body of every refusal. */
export interface Refusal {
  readonly error: { readonly code?: string; readonly message: string; readonly problems: readonly Problem[] };
  /** Where the request was stale. */
  readonly hello?: Hello;
}

const whole = (least: number, most: number) => z.int().min(least).max(most);
const dims = z.array(whole(1, 2 ** 31)).max(8);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256");

/** How the session's models are run. */
export const sessionRequest = z.strictObject({
  threads: whole(0, 1024),
  provider: z.string().regex(/^[a-z0-9_]{1,40}$/, "expected a provider's name"),
});

export const timeRequest = z.strictObject({ input: sha256, dims, runs: whole(0, 10_000) });

/** A part of a stretch of rounds; `Stretch` says what its fields mean. */
export const roundsRequest = z.strictObject({
  visits: z.array(z.strictObject({ model: whole(0, 2 ** 31), input: sha256, dims })).max(1000),
  runs: whole(1, 1000),
  seed: z.string().max(200),
  forMs: z.number().min(0).max(10_000),
  atLeast: whole(0, 10_000),
  atMost: whole(0, 10_000),
  everyMs: z.number().min(1).max(10_000).optional(),
});

export type SessionRequest = z.infer<typeof sessionRequest>;
export type TimeRequest = z.infer<typeof timeRequest>;
export type RoundsRequest = z.infer<typeof roundsRequest>;

/** What `POST …/rounds` answers: the rounds with the device's clock. */
export interface RoundsAnswer {
  /** The device's clock when the part began and when it ended, in ms. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly rounds: readonly { readonly atMs: number; readonly times: readonly (readonly number[])[] }[];
}
