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

/** Architectures whose statistics are kept: as many as a search judges, or nearly. Those of the biggest child of `bignas` take 330 kB. */
const KEPT = 128;

/**
 * A run's compilers by precision, each made when it is first asked for. An architecture is recalibrated once for all its precisions, and not
 * again where a search compiles it anew for its final.
 */
export function compilerOfEach(
  run: Run,
  options: Omit<CompileOptions, "precision">,
): (precision: PrecisionName) => Compiler {
  const compilers = new Map<PrecisionName, Compiler>();
  const recalibrated = keepingStatistics();
  return (precision) => {
    const found = compilers.get(precision) ?? compilerWith(recalibrated, run, { ...options, precision });
    compilers.set(precision, found);
    return found;
  };
}

/** The statistics of an architecture, by its id: as they are measured now, or were before. */
type Recalibrated = (id: string, measured: () => Promise<Statistics>) => Promise<Statistics>;

/** Keeps those of the architectures that were asked for last. */
function keepingStatistics(): Recalibrated {
  const kept = new Map<string, Statistics>();
  return async (id, measured) => {
    const statistics = kept.get(id) ?? (await measured());
    // A map's first key is the one that was set first.
    kept.delete(id);
    kept.set(id, statistics);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return statistics;
  };
}

/**
 * A compiler of a run's children: slice → recalibrate → fold → emit.
 * @throws UserError `compile/opset`, `compile/precision`; from `compile`: `space/architecture`, `runtime/model`
 */
export const compiler = (run: Run, options: CompileOptions): Compiler =>
  compilerWith((_, measured) => measured(), run, options);

function compilerWith(
  recalibrated: Recalibrated,
  run: Run,
  { recalibrationImages, staticBatch, precision = defaultPrecision, maxLoss, opset = defaultOpset }: CompileOptions,
): Compiler {
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
          return measured === recalibration ? recalibrated(id, now) : now();
        },
        (ways, before) => chooseWay(ways, before, setAside(resolution)),
        most === undefined
          ? undefined
          : (taken, keeping, before) => spareLayers(taken, keeping, { before, images: setAside(resolution), most }),
      );
      const loss = report.find((step) => step.loss)?.loss;
      const bytes = emit(child, {
        resolution,
        output: "logits",
        opset,
        metadata: metadataOf(run, architecture, provenance),
        ...(staticBatch !== undefined && { staticBatch }),
      });
      return {
        id,
        architecture,
        bytes,
        sha256: sha256Of(bytes),
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
