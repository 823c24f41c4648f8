/** One child as a file that ships and the certificate beside it. */
import { basename } from "node:path";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { canonicalSeal, sealed } from "../base/seal.js";
import { version } from "../base/version.js";
import { preprocessingOf } from "../compile/metadata.js";
import { hashProvenance } from "../compile/provenance.js";
import type { Run } from "../run/run.js";
import { withLatencyBench, type LatencyBench } from "../evaluate/latency.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Architecture } from "../space/space.js";
import type { Target } from "../target/target.js";
import { certificatePath, type Certificate } from "./certificate.js";
import { judgeChild, type JudgedChild, type JudgeOptions } from "./judge-child.js";

/** Where a child goes, how it is compiled, and where it is timed. */
export interface ExportOptions extends JudgeOptions {
  /** Where its latency is measured: on this machine by default. */
  readonly target?: Target;
  /** Length of the latency session in seconds; 25 by default. */
  readonly seconds?: number;
  /** Ends the call with its reason before anything is written. An open bench has a signal of its own. */
  readonly signal?: AbortSignal;
  /** An open bench instead of a target. */
  readonly bench?: LatencyBench;
  /** The child's latency where `bench` has measured it already, together with others for example. */
  readonly latency?: Latency;
}

/**
 * slice → recalibrate → fold → emit → verify, then accuracy on the test images and latency on the target. The latency takes a whole
 * session: several children are exported faster together, by `exportChildren`.
 * @throws UserError `deploy/out` when the name is no .onnx file, `compile/opset`, `space/architecture`, `runtime/model`, `target/…`, `file/write`
 */
export async function exportChild(run: Run, architecture: Architecture, options: ExportOptions): Promise<Certificate> {
  options.signal?.throwIfAborted();
  const child = await judgeChild(run, architecture, options);
  return onBench(options, async (bench) => {
    const latency = options.latency ?? (await bench.measure([child.timed]))[0]!;
    return certify(run, child, bench, latency);
  });
}

/**
 * Exports several children of a run. One latency session times them all together, so their latencies compare well.
 * @throws UserError as `exportChild`
 */
export async function exportChildren(
  run: Run,
  children: readonly { readonly architecture: Architecture; readonly out: string }[],
  options: Omit<ExportOptions, "out" | "latency"> & {
    /** Latencies by id where a session has measured them already, all together. */
    readonly latencies?: ReadonlyMap<string, Latency>;
  } = {},
): Promise<Certificate[]> {
  if (children.length === 0) return [];
  const judged: JudgedChild[] = [];
  for (const { architecture, out } of children) {
    options.signal?.throwIfAborted();
    judged.push(await judgeChild(run, architecture, { ...options, out }));
  }
  return onBench(options, async (bench) => {
    // A child that is exported twice is timed once.
    const timed = new Map(judged.map((child) => [child.timed.name, child.timed]));
    const areKnown = [...timed.keys()].every((id) => options.latencies?.has(id));
    const latencies =
      (areKnown && options.latencies) ||
      new Map((await bench.measure([...timed.values()])).map((latency) => [latency.name, latency]));
    const certificates: Certificate[] = [];
    for (const child of judged) certificates.push(await certify(run, child, bench, latencies.get(child.timed.name)!));
    return certificates;
  });
}

const onBench = <T>(
  { bench, target, seconds, signal }: Pick<ExportOptions, "bench" | "target" | "seconds" | "signal">,
  use: (bench: LatencyBench) => Promise<T>,
): Promise<T> => (bench ? use(bench) : withLatencyBench(target, { seconds, signal }, use));

/** Writes the file and its certificate. */
async function certify(
  run: Run,
  { architecture, out, child, batch, judgement }: JudgedChild,
  bench: LatencyBench,
  latency: Latency,
): Promise<Certificate> {
  const { name: _, undisturbedMs, intervalMs, ...session } = latency;
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
    latencyMs: undisturbedMs,
    latency: { intervalMs: [...intervalMs], ...session },
    target: bench.target,
    environment: { ...bench.environment },
    labels: [...run.data.classes],
    preprocessing: preprocessingOf(run, architecture),
    inputs: { pixel_values: [batch, run.data.train.channels, architecture.resolution, architecture.resolution] },
    outputs: { logits: [batch, run.data.classes.length] },
  };
  const certificate = sealed(known, canonicalSeal);
  // The certificate last: a file with one is whole.
  await writeFilesAtomic([
    [out, child.bytes],
    [certificatePath(out), jsonText(certificate)],
  ]);
  return certificate;
}
