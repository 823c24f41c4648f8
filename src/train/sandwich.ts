/**
 * One norm group of one step: the biggest child on the true labels, then the smallest and random ones on its soft labels, all on
 * the same crops. The result depends only on weights, step and group, so groups run anywhere, in any order.
 */
import { random } from "../base/random.js";
import { makeBatch, type Augmentation, type Normalization } from "../data/make-batch.js";
import type { Images } from "../data/images.js";
import { resizeImages } from "../data/resize.js";
import type { Arrays, Engine, Program } from "../engine/engine.js";
import type { PlainGraph } from "../graph/graph.js";
import type { Architecture } from "../space/space.js";
import { biggest, idOf, sample, smallest } from "../space/space.js";
import { viewsOf, type Layout } from "../supernet/initialize.js";
import { addMaskedGradient, applyMask, atMaximum, mask } from "../supernet/mask.js";
import { boxesOf, gatherBox, isWhole, scatterAddBox, slice } from "../supernet/slice.js";
import type { Supernet } from "../supernet/supernet.js";
import { crossEntropy, smoothLabels, softmax } from "./loss.js";
import type { Recipe } from "./recipe.js";

/** How a child runs: by masks on the whole supernet, or by its slice of the weights. One function, two costs. */
export type Execution = "masked" | "sliced";

/** What stays the same over a run. */
export interface Task {
  readonly supernet: Supernet;
  readonly layout: Layout;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly execution: Execution;
  readonly images: Images;
  readonly normalization: Normalization;
  /** Images per step and per norm group. */
  readonly batch: number;
  readonly group: number;
}

/** What a child is in a step of the sandwich rule. */
export type Role = "biggest" | "smallest" | "random";

export interface ChildResult {
  readonly role: Role;
  /** Sum over the group's images. */
  readonly loss: number;
  readonly correct: number;
}

/** The children of a step, the teacher first. */
export function childrenOf(
  { supernet, recipe, seed }: Task,
  step: number,
): { role: Role; architecture: Architecture }[] {
  const { space } = supernet;
  return [
    { role: "biggest", architecture: biggest(space) },
    ...(recipe.sandwich.smallest ? [{ role: "smallest" as const, architecture: smallest(space) }] : []),
    ...Array.from({ length: recipe.sandwich.random }, (_, i) => ({
      role: "random" as const,
      architecture: sample(space, random(seed, "sandwich", step, i)),
    })),
  ];
}

/** A child as an engine runs it. */
interface Executable {
  readonly program: Program;
  /** Effective weights, made from the shared ones. */
  readonly weightsFrom: (shared: Arrays) => Arrays;
  /** Adds the program's gradients to the shared ones. */
  readonly addGradients: (gradients: Arrays, shared: Arrays) => void;
}

export interface SandwichRunner {
  /** Adds the group's gradient to `gradient`; `indices` are the group's images. */
  run(
    weights: Float32Array,
    gradient: Float32Array,
    step: number,
    epoch: number,
    groupIndex: number,
    indices: Uint32Array,
  ): Promise<ChildResult[]>;
  dispose(): void;
}

/** Number of programs kept, so that the biggest and the smallest child are planned only once. */
const KEPT = 8;

export function sandwichRunner(engine: Engine, task: Task): SandwichRunner {
  const { supernet, layout, recipe, images, normalization, group } = task;
  const programs = new Map<string, Program>();
  const programOf = (key: string, graph: () => PlainGraph<"trained">, resolution: number): Program => {
    const known = programs.get(key);
    if (known) programs.delete(key);
    const program = known ?? engine.compile(graph(), { batch: group, resolution });
    programs.set(key, program);
    if (programs.size > KEPT) {
      const [oldest, unused] = [...programs][0]!;
      programs.delete(oldest);
      unused.dispose();
    }
    return program;
  };

  let whole: PlainGraph<"trained"> | undefined;
  const supernetGraph = (): PlainGraph<"trained"> => (whole ??= atMaximum(supernet.graph));

  const executable = (architecture: Architecture): Executable => {
    const setting = supernet.settingOf(architecture);
    if (task.execution === "masked") {
      const masks = mask(supernet.graph, setting);
      return {
        program: programOf(`masked ${setting.resolution}`, supernetGraph, setting.resolution),
        weightsFrom: (shared) =>
          new Map(
            [...shared].map(([name, full]) => [
              name,
              applyMask(masks.get(name), layout.slots.get(name)!.parameter, full),
            ]),
          ),
        addGradients(gradients, shared) {
          for (const [name, sum] of gradients) addMaskedGradient(masks.get(name), sum, shared.get(name)!);
        },
      };
    }
    const graph = slice(supernet.graph, setting);
    const boxes = [...boxesOf(supernet.graph, graph, setting)];
    return {
      program: programOf(idOf(supernet.space, architecture), () => graph, setting.resolution),
      weightsFrom: (shared) =>
        new Map(
          boxes.map(([name, box]) => [name, isWhole(box) ? shared.get(name)! : gatherBox(box, shared.get(name)!)]),
        ),
      addGradients(gradients, shared) {
        for (const [name, box] of boxes) scatterAddBox(box, gradients.get(name)!, shared.get(name)!);
      },
    };
  };

  const cropped = (indices: Uint32Array, epoch: number): Float32Array => {
    const { crop, flip }: Augmentation = recipe.augmentation;
    return makeBatch(images, indices, images.height, normalization, { crop, flip, key: [task.seed, "augment", epoch] });
  };

  return {
    async run(weights, gradient, step, epoch, groupIndex, indices) {
      const shared = viewsOf(layout, weights);
      const sharedGradients = viewsOf(layout, gradient);
      const labels = Array.from(indices, (index) => images.labels[index]!);
      const { classes } = supernet.space;
      const hard = smoothLabels(labels, classes, recipe.labelSmoothing);
      const batch = cropped(indices, epoch);
      let soft = hard;
      const results: ChildResult[] = [];
      for (const [child, { role, architecture }] of childrenOf(task, step).entries()) {
        const { program, weightsFrom, addGradients } = executable(architecture);
        const { height: from, channels } = images;
        const input = resizeImages(batch, { count: group, from, to: architecture.resolution, channels });
        const effective = weightsFrom(shared);
        const regularized = role === "biggest" || recipe.regularize === "all";
        const logits = await program.forward(
          effective,
          input,
          regularized ? dropoutFactors(task, featuresOf(effective, classes), step, groupIndex, child) : undefined,
        );
        if (role === "biggest" && recipe.distillation === "inplace") soft = softmax(logits, classes);
        const loss = crossEntropy(logits, role === "biggest" ? hard : soft, labels, task.batch);
        addGradients(await program.backward(loss.gradient), sharedGradients);
        results.push({ role, loss: loss.sum, correct: loss.correct });
      }
      return results;
    },
    dispose() {
      for (const program of programs.values()) program.dispose();
    },
  };
}

/** Number of channels before the classifier. */
const featuresOf = (weights: Arrays, classes: number): number => weights.get("classifier.weight")!.length / classes;

/** 0 or 1 / (1 − rate) for every feature of the group; undefined if nothing is dropped. */
function dropoutFactors(
  { layout, recipe, seed, group }: Task,
  features: number,
  step: number,
  groupIndex: number,
  child: number,
): Float32Array | undefined {
  if (recipe.dropout === 0) return undefined;
  const draw = random(seed, "dropout", step, groupIndex, child);
  const kept = 1 / (1 - recipe.dropout);
  // Drawn for every feature of the supernet, so that a slice drops what the masked supernet drops.
  const all = layout.slots.get("classifier.weight")!.shape[0]!;
  const factors = Float32Array.from({ length: group * all }, () => (draw.next() < recipe.dropout ? 0 : kept));
  return factors.filter((_, i) => i % all < features);
}
