/**
 * A run's checkpoint folder: weights and optimiser state as safetensors, and checkpoint.json, which names them with
 * their hashes. checkpoint.json is renamed into place last, so a run may be killed at any moment and its last
 * checkpoint stays complete.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { readDocument } from "../base/document.js";
import { sha256InPieces, sha256Of } from "../base/hash.js";
import { orderedSeal, sealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { readUserBytes } from "../base/user-file.js";
import { checkpointFile, FORMAT, type CheckpointFile, type FileEntry } from "./checkpoint-file.js";
import { decodeSafetensors, partsOfFile, type Tensors } from "./safetensors.js";

/** Describes weights: their space, the images they are for, the seed of everything that follows. */
export type WeightsDescription = Pick<CheckpointFile, "space" | "spaceHash" | "data" | "seed">;

/** The progress of a training, and what a run that resumes it must have in common with it. */
export type TrainingPosition = Omit<NonNullable<CheckpointFile["training"]>, "optimizer">;

export interface Checkpoint {
  readonly description: WeightsDescription;
  readonly weights: Tensors;
  /** Undefined for weights that were not trained here. */
  readonly training?: { readonly position: TrainingPosition; readonly optimizer: Tensors } | undefined;
}

/**
 * A checkpoint whose description has been read and checked. Its arrays are read on demand: an export needs no optimiser
 * state.
 */
export interface OpenCheckpoint {
  readonly description: WeightsDescription;
  readonly position: TrainingPosition | undefined;
  /** SHA-256 of the weights file. */
  readonly weightsHash: string;
  /** @throws UserError `checkpoint/corrupt` */
  readonly weights: () => Promise<Tensors>;
  /** Empty if there was no training. @throws UserError `checkpoint/corrupt` */
  readonly optimizer: () => Promise<Tensors>;
}

/** Writes RUN/checkpoint/. The arrays must stay as they are until it is written. */
export async function saveCheckpoint(folder: string, { description, weights, training }: Checkpoint): Promise<void> {
  const step = training?.position.step ?? 0;
  const ofWeights = await encoded(`weights-${step}.safetensors`, weights);
  const ofOptimizer = training && (await encoded(`optimizer-${step}.safetensors`, training.optimizer));
  const { space, spaceHash, data, seed } = description;
  const fields: Omit<CheckpointFile, "sha256"> = {
    format: FORMAT,
    space,
    spaceHash,
    data,
    seed,
    weights: ofWeights.entry,
    ...(training && ofOptimizer && { training: { ...training.position, optimizer: ofOptimizer.entry } }),
  };
  const arrays = ofOptimizer ? [ofWeights, ofOptimizer] : [ofWeights];
  await writeFilesAtomic([
    ...arrays.map(({ entry, parts }) => [join(folder, entry.file), parts] as const),
    [join(folder, "checkpoint.json"), jsonText(sealed(fields, orderedSeal))],
  ]);
  const keep = new Set(["checkpoint.json", ...arrays.map(({ entry }) => entry.file)]);
  const stale = (await readdir(folder)).filter((name) => !keep.has(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
}

async function encoded(name: string, tensors: Tensors): Promise<{ entry: FileEntry; parts: Uint8Array[] }> {
  const parts = partsOfFile(tensors);
  return { entry: { file: name, sha256: await sha256InPieces(parts) }, parts };
}

/** @throws UserError `checkpoint/missing` if there is no checkpoint.json, `checkpoint/corrupt` */
export async function openCheckpoint(folder: string): Promise<OpenCheckpoint> {
  const { space, spaceHash, data, seed, weights, training } = await readDocument(
    join(folder, "checkpoint.json"),
    checkpointFile,
  );
  const { optimizer, ...position } = training ?? {};
  return {
    description: { space, spaceHash, data, seed },
    position: training && (position as TrainingPosition),
    weightsHash: weights.sha256,
    weights: () => readTensors(folder, weights),
    optimizer: async () => (optimizer ? readTensors(folder, optimizer) : new Map()),
  };
}

/**
 * A checkpoint with its weights. A run that still trains replaces both at any moment: where they are gone before they are read, the next
 * ones are taken.
 * @throws UserError `checkpoint/missing`, `checkpoint/corrupt`
 */
export async function readCheckpoint(
  folder: string,
): Promise<Omit<OpenCheckpoint, "weights"> & { readonly weights: Tensors }> {
  const { weights, ...found } = await openCheckpoint(folder);
  try {
    return { ...found, weights: await weights() };
  } catch (error) {
    const { weightsHash } = await openCheckpoint(folder);
    if (weightsHash === found.weightsHash) throw error;
    return readCheckpoint(folder);
  }
}

async function readTensors(folder: string, { file, sha256 }: FileEntry): Promise<Tensors> {
  const at = join(folder, file);
  // Not "missing": there is a checkpoint, and no new run may overwrite it.
  const bytes = await readUserBytes(at, {
    code: "checkpoint/corrupt",
    want: "the file that checkpoint.json names",
    fix: "Restore it, or train again in another folder.",
  });
  if (sha256Of(bytes) !== sha256) {
    throw new UserError("checkpoint/corrupt", {
      at,
      got: `another file (${bytes.length} bytes)`,
      want: `SHA-256 ${sha256}`,
      fix: "The file is damaged: use another checkpoint or train again.",
    });
  }
  return decodeSafetensors(bytes, at);
}
