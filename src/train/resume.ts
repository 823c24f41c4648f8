/**
 * Finds a run's checkpoint, checks it against the options that resume it, and converts between its tensors and the
 * run's arrays. Random streams are keyed by the step, so step, weights and optimiser state are the whole state of a
 * run.
 */
import { readdir } from "node:fs/promises";
import { writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import { loadCheckpoint, type Checkpoint, type CheckpointState } from "../checkpoint/checkpoint.js";
import type { Tensors } from "../checkpoint/safetensors.js";
import { viewsOf, type Layout } from "../supernet/initialize.js";
import type { OptimizerState } from "./optimizer.js";

/** What training changes. */
export interface RunArrays {
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
}

/**
 * The checkpoint to resume from, if there is one.
 * @param now the state that the options describe
 * @throws UserError `train/exists` if there is one but `resume` is not set, `train/resume` if it belongs to another run
 */
export async function findRun(
  folder: string,
  now: CheckpointState,
  { out, resume }: { readonly out: string; readonly resume?: boolean },
): Promise<Checkpoint | undefined> {
  // Only checkpoint.json decides: if files that it names are missing it is damaged, and must not be overwritten.
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (foundInstead(error) === "missing") return [];
    throw writeError(folder, error);
  });
  if (!names.includes("checkpoint.json")) return undefined;
  const found = await loadCheckpoint(folder);
  if (!resume) {
    throw new UserError("train/exists", {
      at: out,
      got: `a run at step ${found.state.step}`,
      want: "a new folder",
      fix: "Continue it with --resume, or choose another --out.",
    });
  }
  checkSame(found.state, now, out);
  return found;
}

/** A resumed run must be the same run. */
function checkSame(found: CheckpointState, now: CheckpointState, out: string): void {
  const keys = ["totalSteps", "seed", "spaceHash", "recipe", "data", "engine", "execution"] as const;
  const problems = keys
    .filter((key) => JSON.stringify(found[key]) !== JSON.stringify(now[key]))
    .map((key) => ({
      at: `${out}/checkpoint: ${key}`,
      got: JSON.stringify(now[key]).slice(0, 80),
      want: `${JSON.stringify(found[key]).slice(0, 80)}, as the run began`,
      fix: "Resume with the options the run was started with, or choose another --out.",
    }));
  if (problems.length > 0) throw new UserError("train/resume", problems);
}

/** The arrays as a checkpoint stores them: each weight by name, the optimiser's state flat. */
export function tensorsOf(
  { weights, optimizer }: RunArrays,
  layout: Layout,
): { readonly weights: Tensors; readonly optimizer: Tensors } {
  const views = viewsOf(layout, weights);
  return {
    weights: new Map([...layout.slots].map(([name, { shape }]) => [name, { shape, data: views.get(name)! }])),
    optimizer: new Map([...optimizer].map(([name, data]) => [name, { shape: [data.length], data }])),
  };
}

/** The arrays of a checkpoint; names and shapes must be the supernet's. */
export function arraysOf({ weights, optimizer }: Checkpoint, layout: Layout): RunArrays {
  const flat = new Float32Array(layout.length);
  for (const [name, { offset, length }] of layout.slots) {
    const tensor = weights.get(name);
    if (tensor?.data.length !== length) {
      throw new UserError("checkpoint/corrupt", {
        at: `checkpoint weights: ${name}`,
        got: tensor ? `[${tensor.shape.join(", ")}]` : "missing",
        want: `${length} values`,
        fix: "The checkpoint belongs to another space or version: train again.",
      });
    }
    flat.set(tensor.data, offset);
  }
  return { weights: flat, optimizer: new Map([...optimizer].map(([name, { data }]) => [name, data])) };
}
