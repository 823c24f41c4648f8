/** One child as a file that ships and the certificate beside it. */
import { basename } from "node:path";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { writeInTurn } from "../base/folder-lock.js";
import { canonicalSeal, sealed } from "../base/seal.js";
import { version } from "../base/version.js";
import { preprocessingOf } from "../compile/metadata.js";
import type { PrecisionName } from "../compile/precisions.js";
import { hashProvenance } from "../compile/provenance.js";
import type { Run } from "../run/run.js";
import { openLatencyBench, withLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Differences } from "../evaluate/probe.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Architecture } from "../space/space.js";
import type { Target } from "../target/target.js";
import { certificatePath, type Certificate } from "./certificate.js";
import type { CertifiedLatency } from "./compare-latency.js";
import { checkOut } from "./check-out.js";
import { judgeChild, type JudgedChild, type JudgeOptions } from "./judge-child.js";

/** Where a child goes, how it is compiled, and where it is timed. */
export interface ExportOptions extends JudgeOptions {
  /** Where its latency is measured: on this machine by default. */
  readonly target?: Target;
  /** Where it is measured, too; the certificate names them beside the first. */
  readonly otherTargets?: readonly Target[];
  /** Length of the latency session in seconds; 25 by default. */
  readonly seconds?: number;
  /** Where a target computes the probe otherwise: refused by default, or noted in the certificate. An open bench has its own. */
  readonly differences?: Differences;
  /** Ends the call with its reason before anything is written. An open bench has a signal of its own. */
  readonly signal?: AbortSignal;
  /** An open bench instead of a target. */
  readonly bench?: LatencyBench;
  /** The bench of others that measure on a target, by its name. */
  readonly benchOf?: (target: string) => LatencyBench | undefined;
  /** The child's latency where `bench` has measured it already, together with others for example. */
  readonly latency?: Latency;
}

/**
 * slice → recalibrate → fold → emit → verify, then accuracy on the test images and latency on the target. The latency takes a whole
 * session: several children are exported faster together, by `exportChildren`.
 * @throws UserError `deploy/out` when the name is no .onnx file, `compile/opset`, `space/architecture`, `runtime/model`, `target/…`, `file/write`
 * (the first and the last mostly before the work starts), `file/locked` where another process writes the same file for seconds,
 * `target/numerics` where a target computes the probe otherwise, `deploy/precision` where the child computes too coarsely in its precision,
 * `deploy/logits` where the run's weights give no numbers
 */
export async function exportChild(run: Run, architecture: Architecture, options: ExportOptions): Promise<Certificate> {
  options.signal?.throwIfAborted();
  const child = await judgeChild(run, architecture, options);
  return onBenches(options, async (first, others) => {
    const latency = options.latency ?? (await first.measure([child.timed]))[0]!;
    const elsewhere: CertifiedLatency[] = [];
    for (const bench of others) elsewhere.push(measuredOn(bench, (await bench.measure([child.timed]))[0]!));
    return certify(run, child, [measuredOn(first, latency), ...elsewhere]);
  });
}

/**
 * Exports several children of a run. One latency session times them all together, so their latencies compare well.
 * @throws UserError as `exportChild`
 */
export async function exportChildren(
  run: Run,
  children: readonly {
    readonly architecture: Architecture;
    readonly out: string;
    /** Where children of several precisions are exported together: its own. */
    readonly precision?: PrecisionName;
  }[],
  options: Omit<ExportOptions, "out" | "latency"> & {
    /**
     * Latencies by id where a session has measured them already, all together. A child that has a precision of its own is named
     * by both, `2r.float16`.
     */
    readonly latencies?: ReadonlyMap<string, Latency>;
    /** The same on further targets, by their names. */
    readonly otherLatencies?: ReadonlyMap<string, ReadonlyMap<string, Latency>>;
  } = {},
): Promise<Certificate[]> {
  if (children.length === 0) return [];
  for (const { out } of children) await checkOut(out);
  const judged: JudgedChild[] = [];
  for (const { architecture, ...own } of children) {
    options.signal?.throwIfAborted();
    const child = await judgeChild(run, architecture, { ...options, ...own });
    const name = own.precision ? `${child.timed.name}.${own.precision}` : child.timed.name;
    judged.push({ ...child, timed: { ...child.timed, name } });
  }
  return onBenches(options, async (first, others) => {
    const all = [await timedOn(first, judged, options.latencies)];
    for (const bench of others) all.push(await timedOn(bench, judged, options.otherLatencies?.get(bench.target)));
    const certificates: Certificate[] = [];
    for (const child of judged) {
      const latencyOn = ({ bench, latencies }: Timings): CertifiedLatency =>
        measuredOn(bench, latencies.get(child.timed.name)!);
      certificates.push(await certify(run, child, [latencyOn(all[0]!), ...all.slice(1).map(latencyOn)]));
    }
    return certificates;
  });
}

interface Timings {
  readonly bench: LatencyBench;
  /** By id. */
  readonly latencies: ReadonlyMap<string, Latency>;
}

/** @param known latencies of an earlier session, taken where they are of all */
async function timedOn(
  bench: LatencyBench,
  judged: readonly JudgedChild[],
  known?: ReadonlyMap<string, Latency>,
): Promise<Timings> {
  // A child that is exported twice is timed once.
  const timed = new Map(judged.map((child) => [child.timed.name, child.timed]));
  if (known && [...timed.keys()].every((id) => known.has(id))) {
    // The certificates have another probe than the search.
    const latencies = new Map<string, Latency>();
    for (const [id, child] of timed) {
      const numerics = await bench.compute(child);
      latencies.set(id, { ...known.get(id)!, numerics });
    }
    return { bench, latencies };
  }
  const measured = await bench.measure([...timed.values()]);
  return { bench, latencies: new Map(measured.map((latency) => [latency.name, latency])) };
}

const onBenches = <T>(
  { bench, benchOf, target, otherTargets = [], ...options }: ExportOptionsOfTargets,
  use: (first: LatencyBench, others: readonly LatencyBench[]) => Promise<T>,
): Promise<T> => {
  const useFirst = async (first: LatencyBench): Promise<T> => {
    const others: LatencyBench[] = [];
    for (const other of otherTargets) {
      others.push(benchOf?.(other.name) ?? (await openLatencyBench(other, options)));
    }
    return use(first, others);
  };
  const first = bench ?? (target && benchOf?.(target.name));
  return first ? useFirst(first) : withLatencyBench(target, options, useFirst);
};

type ExportOptionsOfTargets = Pick<
  ExportOptions,
  "bench" | "benchOf" | "target" | "otherTargets" | "seconds" | "differences" | "signal"
>;

function measuredOn({ target, environment }: LatencyBench, measured: Latency): CertifiedLatency {
  const { name: _, undisturbedMs, ...session } = measured;
  return {
    latencyMs: undisturbedMs,
    latency: session,
    target,
    environment: { ...environment },
  };
}

/** Writes the file and its certificate. */
async function certify(
  run: Run,
  { architecture, out, child, batch, probe, judgement }: JudgedChild,
  [first, ...others]: readonly [CertifiedLatency, ...CertifiedLatency[]],
): Promise<Certificate> {
  const known: Omit<Certificate, "seal"> = {
    format: 2,
    nestling: version,
    file: basename(out),
    sha256: child.sha256,
    fileBytes: child.bytes.length,
    id: child.id,
    architecture,
    provenance: child.provenance,
    provenanceHash: hashProvenance(child.provenance),
    macs: child.macs,
    parameters: child.parameters,
    peakBytes: child.peakBytes,
    ...judgement,
    ...first,
    ...(others.length > 0 && { otherTargets: others }),
    ...(probe && { probe }),
    labels: [...run.data.classes],
    preprocessing: preprocessingOf(run, architecture),
    inputs: { pixel_values: [batch, run.data.train.channels, architecture.resolution, architecture.resolution] },
    outputs: { logits: [batch, run.data.classes.length] },
  };
  const certificate = sealed(known, canonicalSeal);
  // The certificate last: a file with one is whole.
  const files = [[out, child.bytes] as const, [certificatePath(out), jsonText(certificate)] as const];
  await writeInTurn(out, () => writeFilesAtomic(files));
  return certificate;
}
