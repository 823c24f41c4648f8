/** Each option of the recipe does what it says. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { makeBatch } from "../../src/data/make-batch.js";
import { resizeImages } from "../../src/data/resize.js";
import { createEngine, prepareEngine } from "../../src/engine/choose.js";
import type { Architecture } from "../../src/space/space.js";
import { smallest } from "../../src/space/space.js";
import { viewsOf } from "../../src/graph/layout.js";
import { initialize } from "../../src/supernet/initialize.js";
import { boxesOf, gatherBox, slice } from "../../src/supernet/slice.js";
import { crossEntropy, smoothLabels } from "../../src/train/loss.js";
import { planRun } from "../../src/train/plan-run.js";
import { loadRecipe, recipeSchema, validationShareOf, withBatch } from "../../src/train/recipe.js";
import { childrenOf, sandwichRunner, type ChildResult } from "../../src/train/sandwich.js";
import type { Task } from "../../src/train/task.js";
import { weightDecay } from "../../src/train/weight-decay.js";
import { images, largest, source, temporaryFolder, tinyRecipe, tinySpace, trainTiny } from "./tiny.js";

beforeAll(() => void prepareEngine("wasm", 1));

const plain = { dropout: 0, weightDecay: 0, labelSmoothing: 0, augmentation: {}, lastGamma: "one" };
const indices = Uint32Array.of(5, 100, 203, 404, 1000, 2007, 3333, 4242);
const pixels = await images.train.read(indices);

/** What every part of training is given, without a run. */
const tinyTask = async (recipe: Record<string, unknown> = {}): Promise<Task> =>
  (await planRun({ space: tinySpace, data: images, source, recipe: tinyRecipe(recipe), seed: 7, steps: 100 })).task;

/** The losses and the gradient of one norm group on the first weights. */
async function groupOf(
  recipe: Record<string, unknown>,
): Promise<{ results: ChildResult[]; gradient: Float32Array; task: Task }> {
  const task = await tinyTask({ ...plain, ...recipe });
  const engine = await createEngine("wasm");
  const weights = initialize(task.layout, task.seed, 1);
  const gradient = new Float32Array(task.layout.length);
  const runner = sandwichRunner(engine, task);
  const results = await runner.run(weights, gradient, { step: 3, epoch: 0, index: 0, indices, pixels });
  runner.dispose();
  engine.dispose();
  return { results, gradient, task };
}

/** Logits of a child alone, without the sandwich's code. */
async function logitsOf(task: Task, which: "biggest" | "smallest"): Promise<Float32Array> {
  const { supernet, layout, images, normalization } = task;
  const architecture = which === "smallest" ? smallest(supernet.space) : childrenOf(task, 0)[0]!.architecture;
  const setting = supernet.settingOf(architecture);
  const graph = slice(supernet.graph, setting);
  const shared = viewsOf(layout, initialize(layout, task.seed, 1));
  const weights = new Map(
    [...boxesOf(supernet.graph, graph, setting)].map(([name, box]) => [name, gatherBox(box, shared.get(name)!)]),
  );
  const batch = makeBatch({ ...images, pixels }, indices, images.height, normalization);
  const input = resizeImages(batch, {
    count: 8,
    from: images.height,
    to: setting.resolution,
    channels: images.channels,
  });
  const engine = await createEngine("wasm");
  const logits = await engine.compile(graph, { batch: 8, resolution: setting.resolution }).forward(weights, input);
  engine.dispose();
  return logits;
}

const labelsOf = ({ images }: Task): number[] => Array.from(indices, (index) => images.labels[index]!);
const lossOf = (results: ChildResult[], role: string): number => results.find((child) => child.role === role)!.loss;
const near = (found: number, wanted: number) => expect(Math.abs(found / wanted - 1)).toBeLessThan(1e-5);

test("sandwich: the biggest always, the smallest and the random ones as many as asked for, other ones each step", async () => {
  const roles = async (sandwich: Record<string, unknown>): Promise<string[]> =>
    childrenOf(await tinyTask({ sandwich }), 0).map(({ role }) => role);
  expect(await roles({})).toEqual(["biggest", "smallest", "random", "random"]);
  expect(await roles({ random: 0 })).toEqual(["biggest", "smallest"]);
  expect(await roles({ smallest: false, random: 3 })).toEqual(["biggest", "random", "random", "random"]);
  const task = await tinyTask();
  const drawn = Array.from({ length: 6 }, (_, step) => JSON.stringify(childrenOf(task, step)[2]!.architecture));
  expect(new Set(drawn).size).toBeGreaterThan(3);
  const { results } = await groupOf({ sandwich: { smallest: false, random: 1 } });
  expect(results.map(({ role }) => role)).toEqual(["biggest", "random"]);
});

test("another batch gets norm groups of the nearest size that divides it", async () => {
  const short = await loadRecipe("short");
  const groupsAt = (batch: number): number => withBatch(short, batch).normGroup;
  expect([64, 60, 100, 34, 37, 8, 2].map(groupsAt)).toEqual([16, 15, 20, 17, 37, 8, 2]);
  expect(withBatch(short, 60)).toEqual({ ...short, batch: 60, normGroup: 15 });
});

test("drawnPer: all norm groups of a step train the same random children, or each its own", async () => {
  const randomOnes = async (drawnPer: string): Promise<string[]> => {
    const task = await tinyTask({ sandwich: { drawnPer, random: 3 } });
    const groups = [0, 1, 2, 3].map((group) => childrenOf(task, 5, group));
    for (const children of groups) expect(children.slice(0, 2)).toEqual(groups[0]!.slice(0, 2));
    return groups.map((children) => JSON.stringify(children.slice(2)));
  };
  expect(new Set(await randomOnes("step")).size).toBe(1);
  expect(new Set(await randomOnes("group")).size).toBe(4);
});

test("averaging: the checkpoint holds the moving average of all steps' weights, and trains on from the last ones", async () => {
  const recipe = { learningRate: { perImage: 2e-4, warmupEpochs: 0, schedule: { kind: "exponential", decay: 1 } } };
  const trained = async (steps: number, averaging = 0) => {
    const { out } = await trainTiny({ steps, recipe: { ...recipe, averaging } });
    return openCheckpoint(join(out, "checkpoint"));
  };
  const flat = async (steps: number, averaging?: number): Promise<number[]> =>
    [...(await (await trained(steps, averaging)).weights()).values()].flatMap(({ data }) => [...data]);
  const { layout, seed } = await tinyTask();
  let wanted = [...initialize(layout, seed, 0)];
  // Steps 0, 1 and 2 keep min(0.15, (1 + t) / (10 + t)) of it: 0.1, 0.15 and 0.15.
  for (const [step, kept] of [0.1, 0.15, 0.15].entries()) {
    const weights = await flat(step + 1);
    wanted = wanted.map((old, i) => kept * old + (1 - kept) * weights[i]!);
  }
  const found = await flat(3, 0.15);
  expect(largest(found.map((weight, i) => weight - wanted[i]!))).toBeLessThan(1e-6);
  const { optimizer } = await trained(3, 0.15);
  expect([...(await optimizer()).get("lastWeights")!.data]).toEqual(await flat(3));
});

test("distillation inplace: the smallest learns the biggest's softmax; none: the true labels", async () => {
  const { results, task } = await groupOf({});
  const [teacher, student, labels] = [
    await logitsOf(task, "biggest"),
    await logitsOf(task, "smallest"),
    labelsOf(task),
  ];
  const soft = teacher.map((logit, i) => {
    const row = teacher.subarray(i - (i % 10), i - (i % 10) + 10);
    return Math.exp(logit) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
  const hard = smoothLabels(labels, 10, 0);
  near(lossOf(results, "biggest"), crossEntropy(teacher, hard, labels, 1).sum);
  near(lossOf(results, "smallest"), crossEntropy(student, soft, labels, 1).sum);
  const { results: without } = await groupOf({ distillation: "none" });
  near(lossOf(without, "smallest"), crossEntropy(student, hard, labels, 1).sum);
  expect(lossOf(without, "biggest")).toBe(lossOf(results, "biggest"));
});

test("no gradient flows through the teacher: without students it is what it is with them, on weights that they don't use", async () => {
  const alone = await groupOf({ sandwich: { smallest: false, random: 0 } });
  const both = await groupOf({ sandwich: { smallest: true, random: 0 } });
  const { supernet, layout } = both.task;
  const setting = supernet.settingOf(smallest(supernet.space));
  const used = boxesOf(supernet.graph, slice(supernet.graph, setting), setting);
  // Only the smallest child's part of each weight may differ.
  for (const [name, { offset, length }] of layout.slots) {
    const box = used.get(name);
    const part = box
      ? new Set(
          gatherBox(
            box,
            Float32Array.from({ length }, (_, i) => i),
          ),
        )
      : new Set<number>();
    for (let i = 0; i < length; i++) {
      if (!part.has(i)) expect(both.gradient[offset + i], `${name}[${i}]`).toBe(alone.gradient[offset + i]);
    }
  }
  expect(largest(both.gradient.map((g, i) => g - alone.gradient[i]!))).toBeGreaterThan(0);
});

test("labelSmoothing acts on the biggest child's true labels", async () => {
  const { results, task } = await groupOf({ labelSmoothing: 0.3 });
  const labels = labelsOf(task);
  near(
    lossOf(results, "biggest"),
    crossEntropy(await logitsOf(task, "biggest"), smoothLabels(labels, 10, 0.3), labels, 1).sum,
  );
});

test("dropout acts through the biggest child only; regularize all lets it act on every child", async () => {
  const losses = async (recipe: Record<string, unknown>): Promise<number[]> =>
    (await groupOf({ distillation: "none", ...recipe })).results.map(({ loss }) => loss);
  const [none, biggest, all] = [
    await losses({}),
    await losses({ dropout: 0.5 }),
    await losses({ dropout: 0.5, regularize: "all" }),
  ];
  expect(biggest[0]).not.toBe(none[0]);
  expect(biggest.slice(1)).toEqual(none.slice(1));
  expect(all[0]).toBe(biggest[0]);
  all.slice(1).forEach((loss, i) => expect(loss).not.toBe(none[i + 1]));
});

test("validationImages: at least so many are set aside, up to 30 % of the images", () => {
  const recipe = recipeSchema.parse({ name: "r", validationShare: 0.1, validationImages: 3000 });
  expect(validationShareOf(recipe, 60_000)).toBe(0.1);
  expect(validationShareOf(recipe, 15_000)).toBe(0.2);
  expect(validationShareOf(recipe, 10_000)).toBe(0.3);
  expect(validationShareOf(recipe, 1000)).toBe(0.3);
  expect(validationShareOf({ ...recipe, validationShare: 0.5 }, 1000)).toBe(0.5);
});

test("weightDecay adds w · decay to weights, not to biases and batch norms; under regularize all once for each child that uses them", async () => {
  const decayed = async (regularize: string): Promise<Float32Array> => {
    const task = await tinyTask({ weightDecay: 0.5, regularize });
    const gradient = new Float32Array(task.layout.length);
    weightDecay(task)(gradient, new Float32Array(task.layout.length).fill(2), 3);
    return gradient;
  };
  const task = await tinyTask({ weightDecay: 0.5, regularize: "all" });
  const usesOf = (children: readonly { architecture: Architecture }[]): Float32Array => {
    const uses = new Float32Array(task.layout.length);
    for (const { architecture } of children) {
      const setting = task.supernet.settingOf(architecture);
      for (const [name, box] of boxesOf(task.supernet.graph, slice(task.supernet.graph, setting), setting)) {
        const { parameter, offset, length } = task.layout.slots.get(name)!;
        if (!/\.weight$/.test(parameter.name)) continue;
        for (const at of gatherBox(
          box,
          Float32Array.from({ length }, (_, i) => i),
        ))
          uses[offset + at]!++;
      }
    }
    return uses;
  };
  const children = childrenOf(task, 3);
  expect(await decayed("biggest")).toEqual(usesOf(children.slice(0, 1)));
  expect(await decayed("all")).toEqual(usesOf(children));
  expect(largest(usesOf(children))).toBe(4);
});

test("lastGamma: the last batch norm of every residual branch starts at 0 or at 1, the others at 1", async () => {
  for (const [lastGamma, start] of [
    ["zero", 0],
    ["one", 1],
  ] as const) {
    const out = await temporaryFolder();
    const learningRate = { perImage: 1e-30, warmupEpochs: 0 };
    await trainTiny({ out, steps: 1, recipe: { lastGamma, learningRate } });
    const weights = await (await openCheckpoint(join(out, "checkpoint"))).weights();
    const task = await tinyTask();
    for (const node of task.supernet.graph.nodes) {
      if (node.op !== "batchNorm") continue;
      const isLast = node.in.gamma.initializer === "last-gamma";
      for (const gamma of weights.get(node.in.gamma.name)!.data)
        expect(gamma, node.name).toBeCloseTo(isLast ? start : 1, 12);
    }
    expect(
      task.supernet.graph.nodes.filter((node) => node.op === "batchNorm" && node.in.gamma.initializer === "last-gamma")
        .length,
    ).toBeGreaterThan(1);
  }
});

test("clipNorm bounds what one step of plain sgd moves", async () => {
  const moved = async (clipNorm: number | null): Promise<number> => {
    const at = async (steps: number): Promise<number[]> => {
      const out = await temporaryFolder();
      const learningRate = { perImage: 1 / 32, warmupEpochs: 0, schedule: { kind: "exponential", decay: 1 } };
      await trainTiny({
        out,
        steps,
        recipe: { optimizer: { kind: "sgd-nesterov", momentum: 0 }, clipNorm, learningRate },
      });
      const weights = await (await openCheckpoint(join(out, "checkpoint"))).weights();
      return [...weights.values()].flatMap(({ data }) => [...data]);
    };
    const [one, two] = [await at(1), await at(2)];
    return Math.hypot(...two.map((w, i) => w - one[i]!));
  };
  expect(await moved(0.05)).toBeCloseTo(0.05, 4);
  expect(await moved(null)).toBeGreaterThan(0.1);
});

test("the shipped recipes are found by name, and the paper's has the paper's values", async () => {
  expect(await loadRecipe("paper")).toMatchObject({
    epochs: 360,
    batch: 4096,
    sandwich: { smallest: true, random: 2 },
    distillation: "inplace",
    lastGamma: "zero",
    optimizer: { kind: "rmsprop", decay: 0.9, momentum: 0.9, epsilon: 1e-3 },
    learningRate: { schedule: { kind: "exponential", decay: 0.97, everyEpochs: 2.4, ending: 0.05 }, warmupEpochs: 5 },
    ...{ labelSmoothing: 0.1, dropout: 0.2, weightDecay: 1e-5, regularize: "biggest", clipNorm: null },
  });
  expect((await loadRecipe("short")).name).toBe("short");
  const shipped = JSON.parse(readFileSync("src/train/recipes/short.json", "utf8")) as Record<string, unknown>;
  expect(await loadRecipe("src/train/recipes/short.json")).toMatchObject({ epochs: shipped["epochs"] });
});

test("a bad recipe names every mistake with place and wish", async () => {
  const path = join(await temporaryFolder(), "recipe.json");
  const bad = { name: "bad", batch: 0, sandwich: { random: -1 }, optimizer: { kind: "adam" }, dropout: 2, clipnorm: 5 };
  await writeFile(path, JSON.stringify(bad));
  const message = await loadRecipe(path).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
  for (const place of ["batch is 0", "sandwich.random is -1", "optimizer", "dropout is 2", "unknown key clipnorm"]) {
    expect(message).toContain(place);
  }
  expect(message.split("\n")).toHaveLength(5);
  await expect(loadRecipe("nowhere.json")).rejects.toThrow("want a shipped recipe (paper, short) or a JSON file");
});
