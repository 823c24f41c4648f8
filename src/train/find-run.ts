/** Finds a run's checkpoint and checks it against the options that resume it. */
import { readdir } from "node:fs/promises";
import { writeError } from "../base/atomic-file.js";
import { UserError } from "../base/user-error.js";
import {
  openCheckpoint,
  type OpenCheckpoint,
  type TrainingPosition,
  type WeightsDescription,
} from "../checkpoint/checkpoint.js";
import { recipeSchema, type Recipe } from "./recipe.js";

/** What is trained and how far: apart from the step, a resumed run must have all of it in common with the run. */
export interface RunIdentity {
  readonly description: WeightsDescription;
  readonly position: TrainingPosition;
}

/** Steps that the run in a checkpoint folder was begun with; 0 where none can be read: `findRun` says why. */
export async function stepsOfRun(folder: string): Promise<number> {
  const found = await openCheckpoint(folder).catch(() => undefined);
  return found?.position?.totalSteps ?? 0;
}

/** The recipe that the run in a checkpoint folder was begun with; undefined where none can be read: `findRun` says why. */
export async function recipeOfRun(folder: string): Promise<Recipe | undefined> {
  const found = await openCheckpoint(folder).catch(() => undefined);
  return recipeSchema.safeParse(found?.position?.recipe).data;
}

/**
 * The checkpoint to resume from, if there is one.
 * @param now the run that the options describe
 * @throws UserError `train/exists` if there is one but `resume` is not set, `train/resume` if it belongs to another run
 */
export async function findRun(
  folder: string,
  now: RunIdentity,
  { out, resume }: { readonly out: string; readonly resume?: boolean },
): Promise<(OpenCheckpoint & RunIdentity) | undefined> {
  // Only checkpoint.json decides: if files that it names are missing it is damaged, and must not be overwritten.
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw writeError(folder, error);
  });
  if (!names.includes("checkpoint.json")) return undefined;
  const { position, ...found } = await openCheckpoint(folder);
  if (!resume || !position) {
    throw new UserError("train/exists", {
      at: out,
      got: position ? `a run at step ${position.step}` : "weights that were not trained here",
      want: "a new folder",
      fix: position ? "Continue it with --resume, or choose another --out." : "Choose another --out.",
    });
  }
  const run = { ...found, position };
  checkSame(sameOf(run), sameOf(now), out);
  return run;
}

const sameOf = ({ description: { seed, spaceHash, data }, position }: RunIdentity) => {
  const { totalSteps, recipe, engine, execution, precision = "float32" } = position;
  // A data set is its fingerprint: what it is called and where it is may change.
  const { source: _, ...images } = data;
  // An option that came after the run was begun is at its default, under which training is what it was.
  const { data: filled = recipe } = recipeSchema.safeParse(recipe);
  return { totalSteps, seed, spaceHash, recipe: filled, data: images, engine, execution, precision };
};

/** A resumed run must be the same run. */
function checkSame(found: ReturnType<typeof sameOf>, now: ReturnType<typeof sameOf>, out: string): void {
  const problems = differencesOf(found, now).map(({ path, found, now }) => ({
    at: `${out}/checkpoint: ${path.join(".")}`,
    got: shown(now),
    want: `${shown(found)}, as the run began`,
    fix: "Resume with the options the run was started with, or choose another --out.",
  }));
  if (problems.length > 0) throw new UserError("train/resume", problems);
}

interface Difference {
  readonly path: readonly string[];
  readonly found: unknown;
  readonly now: unknown;
}

/** The fields, at any depth, in which two values differ. */
function differencesOf(found: unknown, now: unknown, path: readonly string[] = []): Difference[] {
  if (JSON.stringify(found) === JSON.stringify(now)) return [];
  if (!isRecord(found) || !isRecord(now)) return [{ path, found, now }];
  const keys = new Set([...Object.keys(now), ...Object.keys(found)]);
  return [...keys].flatMap((key) => differencesOf(found[key], now[key], [...path, key]));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 80));
