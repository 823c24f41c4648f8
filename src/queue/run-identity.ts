/** What two machines must have in common so that a judgement of one is a judgement of the other. */
import { z } from "zod";
import { sha256Of } from "../base/hash.js";
import { version } from "../base/version.js";
import type { Run } from "../run/run.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256");

export const identitySchema = z.strictObject({
  weights: hash,
  data: z.string().max(128),
  space: hash,
  nestling: z.string().max(64),
});

export type RunIdentity = z.output<typeof identitySchema>;

/** What each part is called. */
const parts: Readonly<Record<keyof RunIdentity, string>> = {
  weights: "weights",
  data: "data set",
  space: "space",
  nestling: "version of nestling",
};

export const identityOf = ({ weightsHash, data, supernet }: Run): RunIdentity => ({
  weights: weightsHash,
  data: data.fingerprint,
  space: supernet.space.hash,
  nestling: version,
});

/** In the names of a run's queues. */
export const keyOf = ({ weights, data, space, nestling }: RunIdentity): string =>
  sha256Of(JSON.stringify([weights, data, space, nestling])).slice(0, 32);

/** The names of what differs: empty where all is the same. */
export const differencesOf = (first: RunIdentity, second: RunIdentity): readonly string[] =>
  (Object.keys(parts) as (keyof RunIdentity)[]).filter((key) => first[key] !== second[key]).map((key) => parts[key]);
