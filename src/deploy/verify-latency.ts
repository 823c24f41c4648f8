/** Latency again, compared with a certificate's. It is a note, unless it is asked to repeat on a target. */
import { setTimeout as wait } from "node:timers/promises";
import { milliseconds, percent } from "../base/format.js";
import { withLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Latency } from "../evaluate/rounds.js";
import { warningsOf } from "../target/machine-state.js";
import type { Target } from "../target/target.js";
import type { Certificate } from "./certificate.js";
import { certifiedOn, compareLatency, isWithin, whyOtherDevice, type CertifiedLatency } from "./compare-latency.js";
import type { Ledger } from "./ledger.js";

/** How a latency must repeat: MLPerf Mobile's rule is within 5 % in one of five tries, minutes apart. */
export interface Repeat {
  /** 5 by default. */
  readonly tries?: number;
  /** Between two tries; 120 by default. */
  readonly pauseSeconds?: number;
}

const DEFAULTS = { tries: 5, pauseSeconds: 120 };
const WITHIN = 0.05;

interface Options {
  readonly target: Target | undefined;
  readonly seconds?: number;
  readonly repeat?: Repeat | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onNote?: ((line: string) => void) | undefined;
}

export async function verifyLatency(
  bytes: Uint8Array,
  certificate: Certificate,
  { target, seconds, repeat, signal, onNote }: Options,
  found: Ledger,
): Promise<void> {
  await withLatencyBench(target, { seconds, signal }, async (bench) => {
    const dims = certificate.inputs.pixel_values.map((size) => (typeof size === "number" ? size : 1));
    const measure = async (): Promise<Latency> => {
      const [latency] = await bench.measure([{ name: certificate.id, bytes, dims }]);
      if (latency!.state) for (const warning of warningsOf(latency!.state)) onNote?.(warning);
      return latency!;
    };
    const why = whyOtherDevice(bench, certificate);
    const certified = certifiedOn(bench.target, certificate) ?? certificate;
    if (repeat && why === undefined) {
      await repeatLatency(bench, measure, certified, { ...DEFAULTS, ...repeat, signal, onNote }, found);
    } else {
      const here = await measure();
      const verdict = why === undefined ? verdictOf(here, certified) : `not compared, ${why}`;
      found.note("latency", `${figuresOf(bench, here, certified)}: ${verdict}`);
    }
  });
}

async function repeatLatency(
  bench: LatencyBench,
  measure: () => Promise<Latency>,
  certified: CertifiedLatency,
  { tries, pauseSeconds, signal, onNote }: typeof DEFAULTS & Pick<Options, "signal" | "onNote">,
  found: Ledger,
): Promise<void> {
  for (let tried = 1; tried <= tries; tried++) {
    const here = await measure();
    const { ratio } = compareLatency(here, certified);
    const times = `${ratio.toFixed(3)} × the certified`;
    const isSame = isWithin(ratio, WITHIN);
    if (isSame || tried === tries) {
      found.check("latency", isSame, `${figuresOf(bench, here, certified)}: ${times}, in try ${tried} of ${tries}`);
      return;
    }
    onNote?.(`Latency is ${times} in try ${tried} of ${tries}; the next one in ${pauseSeconds} s`);
    await wait(1000 * pauseSeconds, undefined, { signal });
  }
}

function figuresOf({ target }: LatencyBench, here: Latency, { latencyMs, latency }: CertifiedLatency): string {
  const where = target === "local" ? "here" : `on ${target}`;
  return `${shown(here.undisturbedMs, here.repeatability)} ${where}, certified ${shown(latencyMs, latency.repeatability)}`;
}

const shown = (ms: number, repeatability: number): string => `${milliseconds(ms)} ± ${percent(repeatability, 1)}`;

function verdictOf(here: Latency, certified: CertifiedLatency): string {
  const { ratio, verdict, machine } = compareLatency(here, certified);
  const differs = verdict === "no difference" ? "same" : `differs, ${ratio.toFixed(2)} ×`;
  // A model that nobody changed tells of the machine.
  return machine === undefined ? differs : `${differs} by the anchor; the machine takes ${machine.toFixed(2)} ×`;
}
