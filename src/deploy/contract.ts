/** The contract, checked on real images: compiled child on onnxruntime = masked supernet with the same statistics. */
import { createHash } from "node:crypto";
import { maskedChild } from "../compile/children.js";
import type { CompiledChild } from "../compile/compile-child.js";
import { emit } from "../compile/emit.js";
import { precisions, toleranceOf } from "../compile/precisions.js";
import { blockOf, type Run } from "../run/run.js";
import { batchesOf, readBatches, type ImageBlock, type LabelledBlock } from "../data/image-block.js";
import { compareModels, type Comparison } from "../evaluate/accuracy.js";
import { localTarget } from "../target/local.js";
import { withModel } from "../target/target.js";

/** Test images at a resolution, all of them or the first `count`. */
export function testImages({ data }: Pick<Run, "data">, resolution: number, count = data.test.count): LabelledBlock {
  const indices = Uint32Array.from({ length: Math.min(count, data.test.count) }, (_, i) => i);
  const labels = data.test.labels.slice(0, indices.length);
  return { ...blockOf({ data }, "test", indices, resolution), labels };
}

/** Images hashed at a time. */
const BATCH = 128;

/** SHA-256 of prepared images and their labels: what an accuracy is of. */
export async function fingerprintOf(block: LabelledBlock): Promise<string> {
  const hash = createHash("sha256");
  for await (const { images } of readBatches(block, batchesOf(block.count, BATCH))) hash.update(bytesOf(images));
  return hash.update(bytesOf(Uint16Array.from(block.labels))).digest("hex");
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

type Compared = Pick<CompiledChild, "architecture" | "bytes" | "statistics" | "provenance">;

/** A comparison, and what the child's precision allows. */
export interface Held extends Comparison {
  /** What maxDifference may be. */
  readonly tolerance: number;
  /** Images that were compared. */
  readonly images: number;
  /** Images on which file and supernet have different top-1s, and how many there may be. */
  readonly otherTops: number;
  readonly mostOtherTops: number;
}

/**
 * The child as it ships against the masked supernet, node by node as written (onnxruntime's own optimisations off), so that neither
 * slicing, folding nor fusing can hide a mistake.
 */
export async function compareToSupernet(run: Run, child: Compared, images: ImageBlock): Promise<Held> {
  const masked = maskedChild(run.supernet, run.weights, child.architecture, child.statistics);
  const supernet = emit(masked, { resolution: child.architecture.resolution, output: "logits" });
  const asWritten = localTarget({ threads: 0, optimization: "disabled" });
  const found = await withModel(asWritten, supernet, (whole) =>
    withModel(localTarget({ threads: 0 }), child.bytes, (shipped) => compareModels(whole, shipped, images)),
  );
  const { precision } = child.provenance;
  return {
    ...{ ...found, images: images.count, tolerance: toleranceOf(precision, found.maxLogit) },
    otherTops: images.count - Math.round(found.sameTopOne * images.count),
    mostOtherTops: images.count - Math.floor(precisions[precision].leastSameTopOne * images.count),
  };
}

/** Test images that are compared first. */
const SAMPLE = 500;

/** The same on some test images; on all of them, as `verify` does, where some come near to what is allowed. */
export async function holdToSupernet(run: Run, child: Compared): Promise<Held> {
  const { resolution } = child.architecture;
  const some = await compareToSupernet(run, child, testImages(run, resolution, SAMPLE));
  const isEnough = isHeld(some, 1 / 2) || some.images === run.data.test.count;
  return isEnough ? some : compareToSupernet(run, child, testImages(run, resolution));
}

/** Whether a comparison is within a share of what is allowed: all of it by default. Written so that NaN is not. */
export const isHeld = ({ maxDifference, tolerance, otherTops, mostOtherTops }: Held, share = 1): boolean =>
  maxDifference <= share * tolerance && otherTops <= share * mostOtherTops;
