/** Judges an architecture by its compiled file: accuracy on validation images, latency on a target. */
import { permutation, random } from "../base/random.js";
import type { CompiledChild, Compiler } from "../compile/compile-child.js";
import type { LabelledBlock } from "../data/image-block.js";
import { logitsOf, topOne } from "../evaluate/accuracy.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Timed } from "../evaluate/session.js";
import type { Latency } from "../evaluate/rounds.js";
import { blockOf, type Run } from "../run/run.js";
import type { Architecture } from "../space/space.js";
import { localTarget } from "../target/local.js";
import { withModel } from "../target/target.js";
import type { Costs } from "./budget.js";
import type { Screened } from "./coarse-to-fine.js";
import type { Hits } from "./hits.js";
import { probabilityOf, softened } from "./soft-accuracy.js";

/** A child as the search judged it. */
export interface JudgedChild extends Screened {
  readonly peakBytes: number;
  /** Size of the .onnx file. */
  readonly fileBytes: number;
  readonly sha256: string;
  /** A finalist's latency before the photo finish. */
  readonly screenedLatencyMs?: number | undefined;
  readonly screenedLatencyIntervalMs?: readonly [low: number, high: number] | undefined;
}

export interface Judge {
  /** On the screening images; on none where it is within no budget. */
  screen(architecture: Architecture): Promise<JudgedChild>;
  /** The hits of a child that was screened on all images. */
  complete(child: JudgedChild): Promise<Hits>;
  /** Latencies measured together for long enough to decide, in the children's order; none where latency isn't measured. */
  photoFinish(children: readonly JudgedChild[]): Promise<readonly Latency[]>;
}

/**
 * @param screeningImages of the validation images, the first that every child sees
 * @param isWithin whether costs may meet a budget
 * @param bench where there is none, latency isn't measured
 */
export function judgeOf(
  run: Run,
  compiler: Compiler,
  {
    screeningImages,
    isWithin,
    bench,
  }: {
    readonly screeningImages: number;
    readonly isWithin: (costs: Costs) => boolean;
    readonly bench?: LatencyBench | undefined;
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
  const timed = ({ id, bytes, architecture: { resolution } }: CompiledChild): Timed => ({
    name: id,
    bytes,
    dims: [1, run.data.train.channels, resolution, resolution],
  });
  return {
    async screen(architecture) {
      const child = await compiler.compile(architecture);
      const { id, bytes, sha256, macs, parameters, peakBytes } = child;
      const [latency] = (await bench?.measure([timed(child)], "screen")) ?? [];
      const costs = {
        macs,
        parameters,
        ...(latency && { latencyMs: latency.undisturbedMs, latencyIntervalMs: latency.intervalMs }),
      };
      const seen = isWithin(costs)
        ? await judgeOn(bytes, imagesAt(architecture.resolution, 0, screeningImages))
        : { hits: new Uint8Array(), softAccuracy: 0 };
      return { id, architecture, ...costs, peakBytes, fileBytes: bytes.length, sha256, ...seen };
    },
    async complete({ architecture, hits }) {
      if (hits.length === run.validation.length) return hits;
      const { bytes } = await compiler.compile(architecture);
      const rest = await judgeOn(bytes, imagesAt(architecture.resolution, screeningImages));
      return Uint8Array.of(...hits, ...rest.hits);
    },
    async photoFinish(children) {
      if (!bench) return [];
      const compiled: CompiledChild[] = [];
      for (const { architecture } of children) compiled.push(await compiler.compile(architecture));
      return bench.measure(compiled.map(timed), "decide");
    },
  };
}

async function judgeOn(bytes: Uint8Array, images: LabelledBlock): Promise<{ hits: Hits; softAccuracy: number }> {
  const hits = new Uint8Array(images.count);
  let total = 0;
  await withModel(localTarget({ threads: 0 }), bytes, async (model) => {
    for await (const { from, rows, logits } of logitsOf(model, images)) {
      const classes = logits.length / rows;
      topOne(logits, rows).forEach((top, row) => {
        const label = images.labels[from + row]!;
        hits[from + row] = top === label ? 1 : 0;
        const own = logits.subarray(row * classes, (row + 1) * classes);
        total += softened(probabilityOf(own, label));
      });
    }
  });
  return { hits, softAccuracy: total / images.count };
}
