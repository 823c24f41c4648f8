/** Judges an architecture by its compiled file: accuracy on validation images, latency on a target. */
import { permutation, random } from "../base/random.js";
import type { CompiledChild } from "../compile/compile-child.js";
import { outputsOfFile } from "../compile/outputs-over.js";
import { batchesOf, type LabelledBlock } from "../data/image-block.js";
import { toleranceOf } from "../compile/precisions.js";
import { toChannelsFirst } from "../data/make-batch.js";
import { topOne } from "../evaluate/accuracy.js";
import { probeOf } from "../evaluate/probe.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Timed } from "../evaluate/session.js";
import type { Latency } from "../evaluate/rounds.js";
import { blockOf, type Run } from "../run/run.js";
import type { Costs, LatencyCost } from "./budget.js";
import type { Screened } from "./coarse-to-fine.js";
import type { Hits } from "./hits.js";
import { probabilityOf, softened } from "./soft-accuracy.js";
import type { Subject } from "./subject.js";

/** Images of a child's probe on each target. */
const PROBE_IMAGES = 4;
/** Images that run together. */
const BATCH = 128;

/** A child as the search judged it. */
export interface JudgedChild extends Screened {
  readonly peakBytes: number;
  /** Size of the .onnx file. */
  readonly fileBytes: number;
  readonly sha256: string;
  /** A finalist's latency before the photo finish. */
  readonly screenedLatencyMs?: number | undefined;
  readonly screenedLatencyIntervalMs?: readonly [low: number, high: number] | undefined;
  readonly otherLatencies?: Readonly<Record<string, ScreenedLatency>> | undefined;
}

/** A latency on a further target, and a finalist's before the photo finish. */
export interface ScreenedLatency extends LatencyCost {
  readonly screenedLatencyMs?: number | undefined;
  readonly screenedLatencyIntervalMs?: readonly [low: number, high: number] | undefined;
}

/** An open bench on a target that has a budget. */
export interface TargetBench {
  /** The target's name; undefined for the search's first target. */
  readonly target: string | undefined;
  readonly bench: LatencyBench;
}

/** What a search asks of the children that it considers. */
export interface Judge {
  /** Children that will be screened: a judge that has help may begin. */
  foresee?(subjects: readonly Subject[]): void;
  /** On the screening images; on none where it is within no budget. */
  screen(subject: Subject): Promise<JudgedChild>;
  /** The hits on all images of children that were screened. */
  complete(children: readonly (Subject & Pick<JudgedChild, "hits">)[]): Promise<readonly Hits[]>;
  /** Latencies measured together for long enough to decide, for each bench in the children's order. */
  photoFinish(children: readonly Subject[]): Promise<readonly (readonly Latency[])[]>;
}

/** Compiles what is judged: an architecture, in its precision. */
export type Compile = (subject: Subject) => Promise<CompiledChild>;

/**
 * @param screeningImages of the validation images, the first that every child sees
 * @param isWithin whether costs may meet a budget
 * @param benches of the targets that have a budget; where there is none, latency isn't measured
 */
export function judgeOf(
  run: Run,
  compile: Compile,
  {
    screeningImages,
    isWithin,
    benches,
  }: {
    readonly screeningImages: number;
    readonly isWithin: (costs: Costs) => boolean;
    readonly benches: readonly TargetBench[];
  },
): Judge {
  // In random order, so that the first images speak for all.
  const order = permutation(run.validation.length, random(run.description.seed, "judging")).map(
    (i) => run.validation[i]!,
  );
  const imagesAt = (resolution: number, from: number, to?: number): LabelledBlock => {
    const indices = order.subarray(from, to);
    const labels = Array.from(indices, (index) => run.data.train.labels[index]!);
    return { ...blockOf(run, "train", indices, resolution), labels };
  };
  /** With a probe of validation images, since a search may not look at test images. A target that computes otherwise ends the search at once. */
  const timed = async ({ id, architecture: { resolution } }: Subject, child: CompiledChild): Promise<Timed> => {
    const { bytes, provenance } = child;
    const { channels, count, read } = imagesAt(resolution, 0, PROBE_IMAGES);
    const input = toChannelsFirst(await read(0, count), count, channels);
    const shape = [channels, resolution, resolution];
    const probe = await probeOf(bytes, { input, dims: [count, ...shape] }, (maxLogit) =>
      toleranceOf(provenance.precision, maxLogit),
    );
    return { name: id, bytes, dims: [1, ...shape], probe };
  };
  const hitsOnRest = async (subject: Subject): Promise<Hits> => {
    const images = imagesAt(subject.architecture.resolution, screeningImages);
    return (await judgeOn(await compile(subject), images)).hits;
  };
  return {
    async screen(subject) {
      const child = await compile(subject);
      const { architecture, ...named } = subject;
      const { bytes, sha256, macs, parameters, peakBytes } = child;
      const measured: Latency[] = [];
      const models = benches.length > 0 ? [await timed(subject, child)] : [];
      for (const { bench } of benches) measured.push((await bench.measure(models, "screen"))[0]!);
      const costs = { macs, parameters, ...latenciesOf(benches, measured) };
      const { loss } = child;
      const lossy = loss && loss.points > loss.most ? { losesTooMuch: true as const } : {};
      const seen = isWithin(costs)
        ? await judgeOn(child, imagesAt(architecture.resolution, 0, screeningImages))
        : { hits: new Uint8Array(), softAccuracy: 0 };
      return { ...named, architecture, ...costs, ...lossy, peakBytes, fileBytes: bytes.length, sha256, ...seen };
    },
    async complete(children) {
      const completed: Hits[] = [];
      for (const child of children) {
        const { hits } = child;
        const isWhole = hits.length === run.validation.length;
        completed.push(isWhole ? hits : Uint8Array.of(...hits, ...(await hitsOnRest(child))));
      }
      return completed;
    },
    async photoFinish(children) {
      const models: Timed[] = [];
      if (benches.length > 0) {
        for (const child of children) models.push(await timed(child, await compile(child)));
      }
      const measured: Latency[][] = [];
      for (const { bench } of benches) measured.push(await bench.measure(models, "decide"));
      return measured;
    },
  };
}

/** A child's latencies as its costs have them; one of each bench. */
export function latenciesOf(
  benches: readonly TargetBench[],
  measured: readonly Pick<Latency, "undisturbedMs" | "intervalMs">[],
): Pick<Costs, "latencyMs" | "latencyIntervalMs" | "otherLatencies"> {
  const all = benches.map(({ target }, i) => {
    const { undisturbedMs, intervalMs } = measured[i]!;
    return { target, cost: { latencyMs: undisturbedMs, latencyIntervalMs: intervalMs } };
  });
  const others = all.flatMap(({ target, cost }) => (target === undefined ? [] : [[target, cost] as const]));
  return {
    ...all.find(({ target }) => target === undefined)?.cost,
    ...(others.length > 0 && { otherLatencies: Object.fromEntries(others) }),
  };
}

async function judgeOn(child: CompiledChild, images: LabelledBlock): Promise<{ hits: Hits; softAccuracy: number }> {
  const hits = new Uint8Array(images.count);
  let from = 0;
  let total = 0;
  for await (const { count, outputs } of outputsOfFile(child.bytes, child, images, batchesOf(images.count, BATCH))) {
    const logits = outputs.get("logits")!;
    const classes = logits.length / count;
    topOne(logits, count).forEach((top, row) => {
      const label = images.labels[from + row]!;
      hits[from + row] = top === label ? 1 : 0;
      const own = logits.subarray(row * classes, (row + 1) * classes);
      total += softened(probabilityOf(own, label));
    });
    from += count;
  }
  return { hits, softAccuracy: total / images.count };
}
