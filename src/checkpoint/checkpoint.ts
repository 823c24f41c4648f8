/**
 * A run's checkpoint folder: weights and optimiser state as safetensors, and checkpoint.json, which names them with their hashes.
 * checkpoint.json is renamed into place last, so whatever moment a run is killed at, the last complete checkpoint is whole.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jsonText, writeFilesAtomic } from "../base/atomic-file.js";
import { readDocument, type DocumentKind } from "../base/document.js";
import { sha256Of } from "../base/hash.js";
import { orderedSeal, sealed } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { readUserBytes } from "../base/user-file.js";
import { decodeSafetensors, encodeSafetensors, type Tensor, type Tensors } from "./safetensors.js";

const FORMAT = 1;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256");
const file = z.strictObject({ file: z.string().regex(/^[\w.-]+$/), sha256 });

/** checkpoint.json */
export const checkpointSchema = z.strictObject({
  format: z.literal(FORMAT),
  step: z
    .number()
    .int()
    .min(0)
    .describe("Steps done. Random streams are keyed by it, so it is the random state and data position too."),
  totalSteps: z.number().int().min(1),
  seed: z.number().int(),
  space: z.unknown().describe("The search space, whole."),
  spaceHash: sha256,
  recipe: z.unknown().describe("The recipe, whole."),
  data: z.strictObject({
    source: z.string(),
    fingerprint: sha256,
    classes: z.array(z.string()),
    mean: z.array(z.number()),
    std: z.array(z.number()),
    validationShare: z.number(),
    size: z.number().int().describe("Height = width of the images in pixels."),
  }),
  engine: z.string(),
  execution: z.enum(["masked", "sliced"]),
  weights: file,
  optimizer: file,
  sha256: sha256.describe("Of all fields above as one line of JSON: a damaged number is noticed too."),
});

export const checkpointFile: DocumentKind<typeof checkpointSchema> = {
  schema: checkpointSchema,
  code: "checkpoint/corrupt",
  fix: "The file is damaged: use another checkpoint or train again.",
  want: "the checkpoint of a run",
  unreadable: { code: "checkpoint/missing", fix: "Give a folder that `nestling train --out` made." },
  seal: orderedSeal,
};

/** What a run is and how far it has come: checkpoint.json without the names of its files. */
export type CheckpointState = Omit<z.output<typeof checkpointSchema>, "weights" | "optimizer" | "format" | "sha256">;

export interface Checkpoint {
  readonly state: CheckpointState;
  readonly weights: Tensors;
  readonly optimizer: Tensors;
  /** SHA-256 of the weights' file. */
  readonly weightsHash: string;
}

/** Writes RUN/checkpoint/. */
export async function saveCheckpoint(
  folder: string,
  { state, weights, optimizer }: Omit<Checkpoint, "weightsHash">,
): Promise<void> {
  const bytes = { weights: encodeSafetensors(weights), optimizer: encodeSafetensors(optimizer) };
  const name = (kind: keyof typeof bytes): string => `${kind}-${state.step}.safetensors`;
  const fileOf = (kind: keyof typeof bytes): z.output<typeof file> => ({
    file: name(kind),
    sha256: sha256Of(bytes[kind]),
  });
  const files = { weights: fileOf("weights"), optimizer: fileOf("optimizer") };
  await writeFilesAtomic([
    [join(folder, files.weights.file), bytes.weights],
    [join(folder, files.optimizer.file), bytes.optimizer],
    [join(folder, "checkpoint.json"), jsonText(sealed({ format: FORMAT, ...state, ...files }, orderedSeal))],
  ]);
  const keep = new Set(["checkpoint.json", files.weights.file, files.optimizer.file]);
  const stale = (await readdir(folder)).filter((name) => !keep.has(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
}

/** @throws UserError `checkpoint/missing` where checkpoint.json is not, `checkpoint/corrupt` */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  const document = await readDocument(join(folder, "checkpoint.json"), checkpointFile);
  const { weights, optimizer, format, sha256: _, ...state } = document;
  const read = async ({ file: name, sha256: expected }: z.output<typeof file>): Promise<Map<string, Tensor>> => {
    const at = join(folder, name);
    // Not "missing": there is a checkpoint, and nobody may start a new run over it.
    const bytes = await readUserBytes(at, {
      code: "checkpoint/corrupt",
      want: "the file that checkpoint.json names",
      fix: "Restore it, or train again in another folder.",
    });
    if (sha256Of(bytes) !== expected) {
      const fix = "The file is damaged: use another checkpoint or train again.";
      throw new UserError("checkpoint/corrupt", {
        at,
        got: `another file (${bytes.length} bytes)`,
        want: `SHA-256 ${expected}`,
        fix,
      });
    }
    return decodeSafetensors(bytes, at);
  };
  return { state, weights: await read(weights), optimizer: await read(optimizer), weightsHash: weights.sha256 };
}
