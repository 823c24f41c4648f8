/**
 * The whole compiler: slice → lower → recalibrate → fold → emit. The result is the file that ships, and the search
 * judges this very file.
 */
import { sha256Of } from "../base/hash.js";
import type { LabelledBlock } from "../data/image-block.js";
import { costOf, type Cost } from "../graph/analyses.js";
import type { Architecture } from "../space/space.js";
import { idOf } from "../space/space.js";
import { chooseWay } from "./choose-way.js";
import { slicedChild } from "./children.js";
import { emit } from "./emit.js";
import { metadataOf } from "./metadata.js";
import { measure } from "./measure.js";
import { checkOpset, defaultOpset } from "./opsets.js";
import type { Found, Loss, StepReport } from "./pass.js";
import {
  checkPrecision,
  defaultPrecision,
  isInt8,
  oldestOpsetOf,
  precisions,
  type PrecisionName,
} from "./precisions.js";
import { provenanceOf, type Provenance } from "./provenance.js";
import { recalibration, type Statistics } from "./recalibration.js";
import { runPasses } from "./run-passes.js";
import { spareLayers } from "./spare-layers.js";
import { blockOf, recalibrationIndices, setAsideIndices, type Run } from "../run/run.js";

/** A compiled child: the file that ships, and its cost. */
export interface CompiledChild extends Cost {
  /** The architecture's id in its space. */
  readonly id: string;
  readonly architecture: Architecture;
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly sha256: string;
  /** The same network as a file with a free batch: what is judged where the file's batch is fixed. */
  readonly freeBatch: () => Uint8Array;
  /** Batch norm statistics, from recalibration. */
  readonly statistics: Statistics;
  /** What the file is made from. */
  readonly provenance: Provenance;
  /** What it loses by quantisation, where that is limited: perhaps more than it may. */
  readonly loss?: Loss;
  /** What each step of the compiler rewrote, and why it left other nodes alone. */
  readonly report: readonly StepReport[];
}

/** How a child is compiled. */
export interface CompileOptions {
  /** Training images for batch norm recalibration. */
  readonly recalibrationImages: number;
  /** A fixed batch size instead of a free one. */
  readonly staticBatch?: number;
  /** What weights and activations are held in: float32 by default. */
  readonly precision?: PrecisionName;
  /** Points of accuracy that an int8 child may lose on 1,000 training images set aside: layers that do harm stay in float32 until it does. */
  readonly maxLoss?: number;
  /** ONNX's opset that the file is written in, 11 to 26; 17 by default. An older one is loaded by older runtimes. */
  readonly opset?: number;
}

/** Training images that choose among several ways to do a step, beside those of recalibration. */
const SET_ASIDE = 1000;

export const defaultRecalibrationImages = 2000;

/** Compiles children of one run. */
export interface Compiler {
  /**
   * Slices, recalibrates, folds and emits one child.
   * @throws UserError `space/architecture` where it is no point of the run's space
   */
  compile(architecture: Architecture): Promise<CompiledChild>;
}

/** A run's compilers by precision, each made when it is first asked for. */
export function compilerOfEach(
  run: Run,
  options: Omit<CompileOptions, "precision">,
): (precision: PrecisionName) => Compiler {
  const compilers = new Map<PrecisionName, Compiler>();
  return (precision) => {
    const found = compilers.get(precision) ?? compiler(run, { ...options, precision });
    compilers.set(precision, found);
    return found;
  };
}

/** Architectures of a run whose statistics are kept: as many as a search judges, or nearly. Those of the biggest child of `bignas` take 330 kB. */
const KEPT = 128;

/**
 * What recalibration found, kept with a run that is open: an architecture is recalibrated once for all its precisions, for a search's final
 * and for its export.
 */
const keptStatistics = new WeakMap<Run, Map<string, Statistics>>();

/** @param measured measures them, where they aren't kept */
async function statisticsOf(run: Run, key: string, measured: () => Promise<Statistics>): Promise<Statistics> {
  const kept = keptStatistics.get(run) ?? new Map<string, Statistics>();
  keptStatistics.set(run, kept);
  const statistics = kept.get(key) ?? (await measured());
  // A map's first key is the one that was set first: those that were asked for last are kept.
  kept.delete(key);
  kept.set(key, statistics);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  return statistics;
}

/**
 * A compiler of a run's children: slice → recalibrate → fold → emit.
 * @throws UserError `compile/opset`, `compile/precision`; from `compile`: `space/architecture`, `runtime/model`
 */
export function compiler(run: Run, options: CompileOptions): Compiler {
  const { recalibrationImages, staticBatch, precision = defaultPrecision, maxLoss, opset = defaultOpset } = options;
  checkPrecision(precision);
  checkOpset(opset, oldestOpsetOf(precision));
  const most = isInt8(precision) ? maxLoss : undefined;
  const indices = recalibrationIndices(run, recalibrationImages);
  const setAside = (resolution: number): LabelledBlock => {
    const aside = setAsideIndices(run, recalibrationImages, SET_ASIDE);
    return { ...blockOf(run, "train", aside, resolution), labels: aside.map((i) => run.data.train.labels[i]!) };
  };
  return {
    async compile(architecture) {
      const { resolution } = architecture;
      const id = idOf(run.supernet.space, architecture);
      const provenance = provenanceOf(run, {
        architecture: id,
        precision,
        batch: staticBatch ?? "free",
        recalibrationImages,
        opset,
        maxLoss: most,
      });
      const sliced = slicedChild(run.supernet, run.weights, architecture);
      const { child, found, report } = await runPasses(
        sliced,
        precisions[precision].steps,
        (measured, before) => {
          const now = (): Promise<Found> => measure(measured, before, blockOf(run, "train", indices, resolution));
          return measured === recalibration ? statisticsOf(run, `${id} ${recalibrationImages}`, now) : now();
        },
        (ways, before) => chooseWay(ways, before, setAside(resolution)),
        most === undefined
          ? undefined
          : (taken, keeping, before) => spareLayers(taken, keeping, { before, images: setAside(resolution), most }),
      );
      const loss = report.find((step) => step.loss)?.loss;
      const emitted = (batch: { readonly staticBatch?: number }): Uint8Array =>
        emit(child, {
          resolution,
          output: "logits",
          opset,
          metadata: metadataOf(run, architecture, provenance),
          ...batch,
        });
      const bytes = emitted({ ...(staticBatch !== undefined && { staticBatch }) });
      return {
        id,
        architecture,
        bytes,
        sha256: sha256Of(bytes),
        freeBatch: () => (staticBatch === undefined ? bytes : emitted({})),
        statistics: found.get(recalibration.name)!,
        provenance,
        report,
        ...(loss && { loss }),
        // The cost of the slice, whose gamma and beta count as in the published tables.
        ...costOf(sliced.graph, resolution),
      };
    },
  };
}
