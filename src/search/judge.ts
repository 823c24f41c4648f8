/** Judges an architecture by its compiled file: accuracy on validation images, latency on this machine, and when to stop early. */
import type { Accuracy, Labelled } from "../evaluate/accuracy.js";
import { accuracyOf, logitsOf, topOne } from "../evaluate/accuracy.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Compiler } from "../compile/compile-child.js";
import { blockOf, type Run } from "../compile/run.js";
import { permutation, random } from "../base/random.js";
import { withSession } from "../runtime/session.js";
import type { Architecture } from "../space/schema.js";

export interface Judgement {
  readonly id: string;
  readonly architecture: Architecture;
  readonly macs: number;
  readonly parameters: number;
  readonly peakBytes: number;
  /** Of the .onnx file. */
  readonly fileBytes: number;
  readonly sha256: string;
  /** On the validation images seen; all of them unless `stopped`. */
  readonly correct: number;
  readonly count: number;
  readonly accuracy: number;
  readonly accuracyInterval: readonly [number, number];
  readonly latencyMs?: number;
  readonly latencyIntervalMs?: readonly [number, number];
  /** Why judging ended early: it is over the budget, or could not win any more. */
  readonly stopped?: "over-budget" | "cannot-win";
}

/** Which validation images each winner got right, in judging order: what a challenger races against. */
export type Hits = Uint8Array;

export interface Race {
  readonly incumbent?: Hits;
  /** Largest latency, in ms. */
  readonly latencyLimitMs?: number;
}

export interface Judge {
  judge(architecture: Architecture, race?: Race): Promise<{ judgement: Judgement; hits: Hits }>;
}

/** Standard errors of the paired difference beyond which a challenger is taken to have lost. */
const Z_LOST = 4;
const MIN_SEEN = 256;

/**
 * Whether a challenger can't win any more: not even with all remaining images right, or its paired difference to the incumbent
 * lies so far below zero that chance won't bring it back.
 */
export function cannotWin(challenger: Hits, incumbent: Hits, seen: number): boolean {
  let [difference, squares, total] = [0, 0, 0];
  for (let i = 0; i < incumbent.length; i++) {
    total += incumbent[i]!;
    if (i >= seen) continue;
    const d = challenger[i]! - incumbent[i]!;
    difference += d;
    squares += d * d;
  }
  let own = 0;
  for (let i = 0; i < seen; i++) own += challenger[i]!;
  if (own + (incumbent.length - seen) < total) return true;
  if (seen < MIN_SEEN) return false;
  const mean = difference / seen;
  const error = Math.sqrt(Math.max(squares / seen - mean ** 2, 1 / seen) / seen);
  return mean + Z_LOST * error < 0;
}

/** @param bench where there is none, latency isn't measured */
export function judgeOf(run: Run, compiler: Compiler, bench: LatencyBench | undefined): Judge {
  // In random order, so that the first images speak for all.
  const order = permutation(run.validation.length, random(run.state.seed, "judging")).map((i) => run.validation[i]!);
  const labels = Array.from(order, (index) => run.data.train.labels[index]!);
  const blocks = new Map<number, Labelled>();
  const imagesAt = (resolution: number): Labelled => {
    const known = blocks.get(resolution) ?? { ...blockOf(run, run.data.train, order, resolution), labels };
    blocks.set(resolution, known);
    return known;
  };
  return {
    async judge(architecture, race = {}) {
      const child = await compiler.compile(architecture);
      const { resolution } = architecture;
      const latency =
        bench &&
        (
          await bench.measure([
            { name: child.id, bytes: child.bytes, dims: [1, run.data.train.channels, resolution, resolution] },
          ])
        )[0];
      const over = race.latencyLimitMs !== undefined && latency !== undefined && latency.p50Ms > race.latencyLimitMs;
      const hits = new Uint8Array(order.length);
      let [accuracy, stopped]: [Accuracy, Judgement["stopped"]] = [accuracyOf(0, 0), over ? "over-budget" : undefined];
      if (!over) {
        await withSession(child.bytes, { threads: 0 }, async (session) => {
          let correct = 0;
          for await (const { from, rows, logits } of logitsOf(session, imagesAt(resolution))) {
            topOne(logits, rows).forEach((top, row) => {
              const hit = top === labels[from + row] ? 1 : 0;
              hits[from + row] = hit;
              correct += hit;
            });
            accuracy = accuracyOf(correct, from + rows);
            if (race.incumbent && from + rows < order.length && cannotWin(hits, race.incumbent, from + rows)) {
              stopped = "cannot-win";
              return;
            }
          }
        });
      }
      return {
        hits,
        judgement: {
          id: child.id,
          architecture,
          macs: child.macs,
          parameters: child.parameters,
          peakBytes: child.peakBytes,
          fileBytes: child.bytes.length,
          sha256: child.sha256,
          ...accuracy,
          ...(latency && { latencyMs: latency.p50Ms, latencyIntervalMs: latency.intervalMs }),
          ...(stopped && { stopped }),
        },
      };
    },
  };
}
