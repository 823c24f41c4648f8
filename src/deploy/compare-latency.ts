/** A latency measured now beside a certified one: what the repeatabilities of the two sessions allow to say. */
import type { Latency } from "../evaluate/rounds.js";
import type { Environment } from "../target/environment.js";
import type { Certificate } from "./certificate.js";

/** Two latencies of one device. */
export interface LatencyComparison {
  /** The latency now divided by the certified one, both by the machine's anchor where that differs. */
  readonly ratio: number;
  /** The share by which two sessions differ at most, in 95 % of cases. */
  readonly expected: number;
  readonly verdict: "no difference" | "slower" | "faster";
  /** How much slower the machine itself is, by its anchor, where that is beyond `expected`; `ratio` leaves it out. */
  readonly machine?: number;
}

/** What latency is of, beside the model: other values are another device. */
const DEVICE = ["cpu", "cores", "onnxruntime", "executionProvider", "threads"] as const satisfies (keyof Environment)[];

/** Why a certificate's latency says nothing of this device; undefined where it does. */
export function whyOtherDevice(
  { target, environment }: { readonly target: string; readonly environment: Environment },
  certificate: Certificate,
): string | undefined {
  const there = certifiedOn(target, certificate);
  if (!there)
    return `that was on ${allOf(certificate)
      .map((on) => on.target)
      .join(", ")}`;
  const others = DEVICE.filter((name) => environment[name] !== there.environment[name]);
  return others.length > 0 ? `that was with another ${others.join(", ")}` : undefined;
}

/** What a certificate says of a target; undefined where it says nothing. */
export const certifiedOn = (target: string, certificate: Certificate): CertifiedLatency | undefined =>
  allOf(certificate).find((on) => on.target === target);

const allOf = (certificate: Certificate): readonly CertifiedLatency[] => [
  certificate,
  ...(certificate.otherTargets ?? []),
];

/** A latency as a certificate has it. */
export type CertifiedLatency = Pick<Certificate, "latencyMs" | "latency" | "target" | "environment">;

/** Compares latencies of one device. */
export function compareLatency(here: Latency, { latencyMs, latency: there }: CertifiedLatency): LatencyComparison {
  const expected = Math.max(here.repeatability, there.repeatability);
  const anchorRatio = referenceOf(here) / referenceOf(there);
  // By a profile, both figures refer to one latency of the anchor, unless the reference has moved since.
  const areByProfile = isByProfile(here) && isByProfile(there);
  const isOtherSpeed = !areByProfile && !isWithin(anchorRatio, expected);
  const ratio = here.undisturbedMs / latencyMs / (areByProfile || isOtherSpeed ? anchorRatio : 1);
  const verdict = isWithin(ratio, expected) ? "no difference" : ratio > 1 ? "slower" : "faster";
  return { ratio, expected, verdict, ...(isOtherSpeed && { machine: anchorRatio }) };
}

type Scaled = Pick<Certificate["latency"], "anchorMs" | "scale" | "profileSessions">;

const isByProfile = ({ profileSessions = 0 }: Scaled): boolean => profileSessions > 0;

/** The anchor's latency that a figure refers to. */
const referenceOf = ({ anchorMs, scale = 1 }: Scaled): number => anchorMs * scale;

/** Whether the larger of two figures exceeds the smaller by no more than this share. */
export const isWithin = (ratio: number, share: number): boolean => Math.max(ratio, 1 / ratio) <= 1 + share;
