/** Latency again, compared with a certificate's by what sessions repeat to. Of a device and a moment, it is noted and decides nothing. */
import { milliseconds, percent } from "../base/format.js";
import { withLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Environment } from "../target/environment.js";
import type { Target } from "../target/target.js";
import type { Certificate } from "./certificate.js";
import type { Ledger } from "./ledger.js";

export async function noteLatency(
  bytes: Uint8Array,
  certificate: Certificate,
  { target, seconds, signal }: { readonly target?: Target; readonly seconds?: number; readonly signal?: AbortSignal },
  found: Ledger,
): Promise<void> {
  await withLatencyBench(target, { seconds, signal }, async (bench) => {
    const dims = certificate.inputs.pixel_values.map((size) => (typeof size === "number" ? size : 1));
    const [measured] = await bench.measure([{ name: certificate.id, bytes, dims }]);
    const where = bench.target === "local" ? "here" : `on ${bench.target}`;
    const figures = `${shown(measured!.undisturbedMs, measured!.repeatability)} ${where}, certified ${shown(certificate.latencyMs, certificate.latency.repeatability)}`;
    found.note("latency", `${figures}: ${verdict(bench, measured!, certificate)}`);
  });
}

const shown = (ms: number, repeatability: number): string => `${milliseconds(ms)} ± ${percent(repeatability, 1)}`;

/** What latency is of, beside the model: other values are another device. */
const DEVICE = ["cpu", "cores", "onnxruntime", "executionProvider", "threads"] as const satisfies (keyof Environment)[];

function verdict(
  { target, environment }: LatencyBench,
  here: Latency,
  { latencyMs, latency, ...there }: Certificate,
): string {
  const others = DEVICE.filter((name) => environment[name] !== there.environment[name]);
  if (target !== there.target) return `not compared, that was on ${there.target}`;
  if (others.length > 0) return `not compared, that was with another ${others.join(", ")}`;
  const expected = Math.max(here.repeatability, latency.repeatability);
  const ratio = here.undisturbedMs / latencyMs;
  const anchorRatio = referenceOf(here) / referenceOf(latency);
  if (isByProfile(here) && isByProfile(latency)) {
    // The machine's reference may have moved since: both figures by the anchor that they refer to.
    return isWithin(ratio / anchorRatio, expected) ? "same" : `differs, ${(ratio / anchorRatio).toFixed(2)} ×`;
  }
  if (isWithin(ratio, expected)) return "same";
  const slower = `differs, ${ratio.toFixed(2)} ×`;
  // A model that nobody changed tells of the machine.
  return isWithin(anchorRatio, expected)
    ? slower
    : `${slower}; the machine does, too: its anchor takes ${anchorRatio.toFixed(2)} ×`;
}

type Scaled = Pick<Certificate["latency"], "anchorMs" | "scale" | "profileSessions">;

const isByProfile = ({ profileSessions = 0 }: Scaled): boolean => profileSessions > 0;

/** The anchor's latency that a figure refers to. */
const referenceOf = ({ anchorMs, scale = 1 }: Scaled): number => anchorMs * scale;

/** Whether the larger of two figures exceeds the smaller by no more than this share. */
const isWithin = (ratio: number, share: number): boolean => Math.max(ratio, 1 / ratio) <= 1 + share;
