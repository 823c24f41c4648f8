/** Judges an architecture by its compiled file: accuracy on validation images, latency on a target, and when to stop early. */
import { permutation, random } from "../base/random.js";
import type { Compiler } from "../compile/compile-child.js";
import { blockOf, type Run } from "../run/run.js";
import type { LabelledBlock } from "../data/image-block.js";
import { accuracyOf, logitsOf, topOne } from "../evaluate/accuracy.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Architecture } from "../space/space.js";
import { localTarget } from "../target/local.js";
import { withModel } from "../target/target.js";
import type { Costs } from "./budget.js";
import { packHits, type Hits } from "./hits.js";
import { cannotWin } from "./race.js";
import type { Candidate } from "./search-file.js";

export type Judgement = Omit<Candidate, "phase" | "budget">;

/**
 * Whom a child of these costs must beat, one for each budget that it meets: the hits of the best so far, undefined where there is none
 * yet. An empty list: it meets no budget.
 */
export type Rivals = (costs: Costs) => readonly (Hits | undefined)[];

export interface Judge {
  /** @param rivals without them it is judged in full */
  judge(architecture: Architecture, rivals?: Rivals): Promise<Judgement>;
}

/** @param bench where there is none, latency isn't measured */
export function judgeOf(run: Run, compiler: Compiler, bench: LatencyBench | undefined): Judge {
  // In random order, so that the first images speak for all.
  const order = permutation(run.validation.length, random(run.description.seed, "judging")).map(
    (i) => run.validation[i]!,
  );
  const labels = Array.from(order, (index) => run.data.train.labels[index]!);
  const blocks = new Map<number, Promise<LabelledBlock>>();
  const imagesAt = (resolution: number): Promise<LabelledBlock> => {
    const known =
      blocks.get(resolution) ?? blockOf(run, "train", order, resolution).then((block) => ({ ...block, labels }));
    blocks.set(resolution, known);
    return known;
  };
  return {
    async judge(architecture, rivals) {
      const { id, bytes, sha256, macs, parameters, peakBytes } = await compiler.compile(architecture);
      const { resolution } = architecture;
      const dims = [1, run.data.train.channels, resolution, resolution];
      const [latency] = (await bench?.measure([{ name: id, bytes, dims }], "screen")) ?? [];
      const costs = { macs, parameters, latencyMs: latency?.undisturbedMs };
      const race = rivals?.(costs);
      const { hits, stopped } =
        race?.length === 0
          ? { hits: new Uint8Array(), stopped: "over-budget" as const }
          : await hitsOf(bytes, await imagesAt(resolution), race);
      const { accuracyInterval, ...accuracy } = accuracyOf(
        hits.reduce((sum, hit) => sum + hit, 0),
        hits.length,
      );
      return {
        id,
        architecture,
        macs,
        parameters,
        peakBytes,
        fileBytes: bytes.length,
        sha256,
        ...accuracy,
        accuracyInterval: [...accuracyInterval],
        ...(latency && { latencyMs: latency.undisturbedMs, latencyIntervalMs: [...latency.intervalMs] }),
        ...(stopped && { stopped }),
        hits: packHits(hits),
      };
    },
  };
}

/** The hits on all images; on the first ones alone where none of the rivals can be beaten any more. */
async function hitsOf(
  bytes: Uint8Array,
  images: LabelledBlock,
  rivals: readonly (Hits | undefined)[] | undefined,
): Promise<{ hits: Hits; stopped?: "cannot-win" }> {
  const hits = new Uint8Array(images.count);
  return withModel(localTarget({ threads: 0 }), bytes, async (model) => {
    for await (const { from, rows, logits } of logitsOf(model, images)) {
      topOne(logits, rows).forEach((top, row) => (hits[from + row] = top === images.labels[from + row] ? 1 : 0));
      const seen = from + rows;
      const lost = rivals?.every((rival) => rival && cannotWin(hits, rival, seen)) ?? false;
      if (lost && seen < images.count) return { hits: hits.subarray(0, seen), stopped: "cannot-win" };
    }
    return { hits };
  });
}
