/** A child compiled, compared with the supernet, and judged on the test images: what its certificate says, but the latency. */
import { UserError } from "../base/user-error.js";
import { compiler, defaultRecalibrationImages, type CompiledChild } from "../compile/compile-child.js";
import { keptInFloat32 } from "../compile/kept-in-float32.js";
import { defaultPrecision, isInt8, int8LayoutOf, type PrecisionName } from "../compile/precisions.js";
import { measureAccuracy } from "../evaluate/accuracy.js";
import type { Timed } from "../evaluate/session.js";
import type { Run } from "../run/run.js";
import type { Architecture } from "../space/space.js";
import { environmentHere } from "../target/environment.js";
import type { Certificate } from "./certificate.js";
import { probedChild, type CertifiedProbe } from "./child-probe.js";
import { overflowOn } from "./choose-layout.js";
import { quantizedNodesOf } from "./quantized-nodes.js";
import { checkOut } from "./check-out.js";
import { fingerprintOf, holdToSupernet, isHeld, testImages, type Held } from "./contract.js";

/** Where a child goes, and how it is compiled. */
export interface JudgeOptions {
  /** The .onnx file to write; its certificate goes beside it. */
  readonly out: string;
  /** Training images for batch norm recalibration; 2,000 by default. */
  readonly recalibrationImages?: number;
  /** A fixed batch size instead of a free one. */
  readonly staticBatch?: number;
  /** float32 by default. */
  readonly precision?: PrecisionName;
  /** Why an int8 file has the layout of its precision, for the certificate: what `int8ForTarget` says, or that it was asked for, the default. */
  readonly layoutWhy?: string;
  /** Points of accuracy that an int8 child may lose on 1,000 training images set aside; the layers that do most harm stay in float32 for it. */
  readonly maxLoss?: number;
  /** ONNX's opset that the file is written in, 11 to 26; 17 by default. An older one is loaded by older runtimes. */
  readonly opset?: number;
  /** The certificate has no probe, whose test images whoever gets it may see; targets are checked by it all the same. */
  readonly withoutProbe?: boolean;
  /** Called with the child as soon as it is compiled: its report says what each step of the compiler did. */
  readonly onCompiled?: (child: CompiledChild) => void;
}

/** A child that has all that its certificate says, but the latency. */
export interface JudgedChild {
  readonly architecture: Architecture;
  /** The .onnx file to write. */
  readonly out: string;
  readonly child: CompiledChild;
  readonly timed: Timed;
  readonly batch: number | "batch_size";
  /** Undefined where the certificate is to have none. */
  readonly probe: CertifiedProbe | undefined;
  readonly judgement: Pick<
    Certificate,
    | "accuracy"
    | "accuracyInterval"
    | "correct"
    | "testImages"
    | "testFingerprint"
    | "keptInFloat32"
    | "quantization"
    | "comparedWith"
    | "maxDifference"
    | "tolerance"
    | "sameTopOne"
    | "comparedImages"
    | "precision"
  >;
}

function losesTooMuch({ id, provenance, loss }: CompiledChild, kept: number): UserError {
  const { points, spread, images, most } = loss!;
  return new UserError("deploy/max-loss", {
    at: `child ${id} in ${provenance.precision}`,
    got: `${points.toFixed(1)} points (± ${spread.toFixed(1)}) worse on ${images} images, with ${kept} layers in float32`,
    want: `at most ${most}`,
    fix: "Export it in float32, or with a larger --max-loss; more layers in float32 would not be int8.",
  });
}

function computesElse({ id, provenance }: CompiledChild, held: Held): Error {
  const { maxDifference, tolerance, images, otherTops, mostOtherTops } = held;
  const isNear = maxDifference <= tolerance;
  const got = isNear
    ? `of another top-1 than its supernet on ${otherTops} of ${images} images`
    : `off its supernet's logits by ${maxDifference.toPrecision(3)}`;
  const want = `at most ${isNear ? mostOtherTops : tolerance.toPrecision(3)}`;
  const at = `child ${id} in ${provenance.precision}`;
  if (!Number.isFinite(held.maxLogit)) {
    return new UserError("deploy/logits", {
      at: `child ${id}`,
      got: "of logits that are no numbers, in its supernet in float32 already",
      want: "numbers",
      fix: "The run's weights are no numbers, or too large for float32: train it again with a lower rate.",
    });
  }
  if (provenance.precision === defaultPrecision) return new Error(`internal: ${at} is ${got}, ${want} allowed`);
  const overflow = overflowOn(environmentHere(), provenance.precision);
  const fix =
    overflow === undefined
      ? "Export it in float32: its values need more bits."
      : `Export it for x64, or on a processor with VNNI. ${overflow}`;
  return new UserError("deploy/precision", { at, got, want, fix });
}

/** @throws UserError `deploy/max-loss` where an int8 child loses more than it may, `deploy/precision` where the child computes too coarsely in its precision, `deploy/logits` where the run's weights give no numbers, `deploy/out` and `file/write` before the work starts, `compile/opset`, `space/architecture`, `runtime/model` */
export async function judgeChild(run: Run, architecture: Architecture, options: JudgeOptions): Promise<JudgedChild> {
  const {
    out,
    recalibrationImages = defaultRecalibrationImages,
    staticBatch,
    precision = defaultPrecision,
    maxLoss,
    opset,
  } = options;
  await checkOut(out);
  const child = await compiler(run, {
    ...{ recalibrationImages, precision },
    ...(opset !== undefined && { opset }),
    ...(maxLoss !== undefined && { maxLoss }),
    ...(staticBatch !== undefined && { staticBatch }),
  }).compile(architecture);
  options.onCompiled?.(child);
  const kept = keptInFloat32(child.report);
  if (child.loss && child.loss.points > child.loss.most) throw losesTooMuch(child, kept.length);
  // What is judged has a free batch; a fixed one is the same network.
  const judged = child.freeBatch();
  const images = testImages(run, architecture.resolution);
  const held = await holdToSupernet(run, { ...child, bytes: judged });
  if (!isHeld(held)) throw computesElse(child, held);
  const { accuracy, accuracyInterval, correct, count } = await measureAccuracy(judged, images);
  const { certified, timed } = await probedChild(run, child, staticBatch);
  const ranges = child.report.flatMap(({ tried = [] }) => tried);
  const quantization = isInt8(precision)
    ? {
        layout: { name: int8LayoutOf(precision).name, why: options.layoutWhy ?? "it was asked for" },
        ranges,
        ...(await quantizedNodesOf(child.bytes, precision, { dims: timed.dims, kept: kept.length })),
        ...(child.loss && { loss: child.loss }),
      }
    : undefined;
  return {
    architecture,
    out,
    child,
    timed,
    probe: options.withoutProbe ? undefined : certified,
    batch: staticBatch ?? "batch_size",
    judgement: {
      ...{ accuracy, accuracyInterval: [...accuracyInterval], correct },
      ...{ testImages: count, testFingerprint: await fingerprintOf(images) },
      ...((precision === "float16" || kept.length > 0) && { keptInFloat32: kept }),
      ...(quantization && { quantization }),
      comparedWith:
        "the masked supernet in float32, with the same statistics, on onnxruntime without its optimisations",
      ...{ maxDifference: held.maxDifference, tolerance: held.tolerance },
      ...{ sameTopOne: held.sameTopOne, comparedImages: held.images, precision },
    },
  };
}
