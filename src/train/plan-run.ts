/** The part of a run that is fixed before its first step: what is trained, on which images, for how long. */
import { UserError } from "../base/user-error.js";
import type { Dataset, Images } from "../data/images.js";
import { nameOfSource } from "../data/load.js";
import { partsOf } from "../data/split.js";
import { checkPrecision, createEngine, defaultEngine, hasDevice, parseEngine } from "../engine/choose.js";
import type { EngineName, TrainingPrecision } from "../engine/engine.js";
import type { SearchSpace } from "../space/space.js";
import { layoutOf } from "../graph/layout.js";
import { buildSupernet } from "../supernet/supernet.js";
import { seededWeights, type WeightSource } from "../supernet/weights.js";
import { heldSetOf } from "./device/held-set.js";
import type { RunIdentity } from "./find-run.js";
import { checkFit, checkPixels } from "./fit.js";
import { roundedSteps } from "./quantization.js";
import { validationShareOf, type Recipe } from "./recipe.js";
import type { Execution, Task } from "./task.js";
import type { RunLength } from "./schedule.js";

/** What to train, on which images and for how long. */
export interface RunOptions {
  readonly space: SearchSpace;
  readonly data: Dataset;
  /** Where the data is, as `loadDataset` took it. */
  readonly source: string;
  readonly recipe: Recipe;
  /** `wasm` (the default), `node`, `node-gpu`, `webgpu`, `pjrt`, or `pjrt:` and the path of a plugin. */
  readonly engine?: string;
  /** Overrides the recipe's epochs. */
  readonly steps?: number;
  /**
   * Overrides the recipe's epochs: as many steps as this time allows here, by a short measurement before the first. A resumed run
   * keeps the number that it began with.
   */
  readonly minutes?: number;
  /** Seed of all the run's random numbers; 0 by default. */
  readonly seed?: number;
  /**
   * Runs children on slices of the weights, or masked in the whole supernet: the same result within float tolerance. By default what
   * suits the engine: slices cost less on a processor; on a device, masks keep every shape, and the weights where they are.
   */
  readonly execution?: Execution;
  /** How convolutions and products of matrices are made, `float32` by default; others where the engine has them (docs/engines.md). */
  readonly precision?: TrainingPrecision;
}

export interface RunPlan extends RunIdentity {
  readonly task: Task;
  readonly length: RunLength;
  /** Indices of the training images, without the validation part. */
  readonly images: Uint32Array;
  /** Where their pixels come from. */
  readonly pictures: Images;
  /** The pixels of all of them, where a device holds these: steps need none. */
  readonly heldSet: Uint8Array | undefined;
  readonly engine: EngineName;
  /** The engine's own description. */
  readonly engineBuild: string;
  /** The weights at step 0. */
  readonly weights: WeightSource;
}

/** @throws UserError `train/fit`, `train/batch`, `engine/…`, `data/…` where the images can't be read as the recipe asks */
export async function planRun({ space, data, source, recipe, seed = 0, ...options }: RunOptions): Promise<RunPlan> {
  checkFit(space, data, recipe);
  await checkPixels(space, data, recipe);
  const supernet = buildSupernet(space);
  const { batch } = recipe;
  const validationShare = validationShareOf(recipe, data.train.count);
  const { train: images } = partsOf(data, { share: validationShare, seed });
  const stepsPerEpoch = Math.floor(images.length / batch);
  if (stepsPerEpoch === 0) {
    throw new UserError("train/batch", {
      at: "batch",
      got: batch,
      want: `at most ${images.length}, the training images without the validation part`,
      fix: "Use a smaller --batch or more images.",
    });
  }
  const totalSteps = options.steps ?? Math.max(1, Math.round(recipe.epochs * stepsPerEpoch));
  const engine = parseEngine(options.engine ?? defaultEngine);
  const { precision = "float32" } = options;
  checkPrecision(engine, precision);
  const probe = await createEngine(engine, precision);
  const engineBuild = probe.description;
  probe.dispose();
  const { execution = hasDevice(engine) ? "masked" : "sliced" } = options;
  const { mean, std } = data;
  const { count, height, width, channels, labels } = data.train;
  return {
    task: {
      supernet,
      layout: layoutOf(supernet.graph),
      recipe,
      seed,
      execution,
      rounded: roundedSteps(recipe, totalSteps),
      precision,
      images: { count, height, width, channels, labels },
      normalization: { mean, std },
      batch,
      group: Math.min(recipe.normGroup, batch),
    },
    length: { totalSteps, stepsPerEpoch, batch },
    images,
    pictures: data.train,
    heldSet: await heldSetOf(data.train, { engine, execution, recipe }),
    engine,
    engineBuild,
    weights: seededWeights(seed, recipe.lastGamma === "zero" ? 0 : 1),
    description: {
      space: space.data,
      spaceHash: space.hash,
      data: {
        source: nameOfSource(source),
        fingerprint: data.fingerprint,
        classes: [...data.classes],
        mean: [...mean],
        std: [...std],
        validationShare,
        size: height,
        ...(recipe.evaluation && { evaluation: recipe.evaluation }),
      },
      seed,
    },
    position: { step: 0, totalSteps, recipe, engine, execution, ...(precision !== "float32" && { precision }) },
  };
}
