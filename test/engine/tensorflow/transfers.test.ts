/** What crosses the bus in a step, counted at the backend. */
import { describe, expect, test } from "vitest";
import { prepareEngine } from "../../../src/engine/choose.js";
import { countTransfers, type Transfers } from "../../../src/engine/tensorflow/transfers.js";
import { installCommand, loadTensorflow, locate } from "../../../src/engine/tensorflow/locate.js";
import { createNodeEngine } from "../../../src/engine/tensorflow/node-engine.js";
import { layoutOf } from "../../../src/graph/layout.js";
import { initialize } from "../../../src/supernet/initialize.js";
import { loadSpace, parseSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";
import { deviceSteps, residentOf } from "../../../src/train/device/device-step.js";
import { startState } from "../../../src/train/optimizer.js";
import type { GroupResult } from "../../../src/train/gather-results.js";
import { planRun } from "../../../src/train/plan-run.js";
import { recipeSchema } from "../../../src/train/recipe.js";
import { childrenOf, sandwichRunner } from "../../../src/train/sandwich.js";
import type { Task } from "../../../src/train/task.js";
import { images, source, tinyRecipe, tinySpace } from "../../train/tiny.js";

describe.skipIf(locate("node").length === 0)(`engine node (${installCommand("node")})`, () => {
  test("a masked step on workers carries all weights up and all gradients down for each child of each norm group", async () => {
    prepareEngine("node", 1);
    const { task } = await planRun({
      ...{ space: tinySpace, data: images, source, execution: "masked", engine: "node" },
      recipe: tinyRecipe({ regularize: "all" }),
    });
    const engine = createNodeEngine("node");
    const counted = countTransfers(loadTensorflow("node"));
    const { layout, group, supernet, recipe } = task;
    const weights = initialize(layout, 7, 1);
    const gradient = new Float32Array(layout.length);
    const runner = sandwichRunner(engine, task);
    const indices = Uint32Array.from({ length: group }, (_, i) => i);
    const pixels = await images.train.read(indices);
    const step = async (index: number): Promise<Transfers> => {
      const before = { ...counted };
      await runner.run(weights, gradient, { step: index, epoch: 0, index: 0, indices, pixels });
      return { up: counted.up - before.up, down: counted.down - before.down };
    };
    for (const index of [0, 1]) {
      const children = childrenOf(task, index);
      expect(recipe.dropout).toBeGreaterThan(0);
      const pictures = children.reduce((sum, { architecture }) => sum + group * architecture.resolution ** 2, 0);
      const logits = children.length * group * supernet.space.classes;
      const all = children.length * layout.length;
      const { up, down } = await step(index);
      expect(down).toBe(4 * (all + logits));
      // Scalars and the factors of dropout are all that is added.
      const more = up / 4 - (all + logits + pictures);
      expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThan(0.2 * all);
    }
    runner.dispose();
  });

  // These have the fewest and the most weights of all shipped spaces, and every kind of mask.
  test.each(["fashion", "mnv4-conv-s", "attentivenas"])(
    "a step on a supernet that lives on the device carries its images up, and no more than 64 kB besides: %s",
    async (name) => {
      prepareEngine("node", 1);
      const task = await smallestTask(name, 2);
      const resident = residentOf(createNodeEngine("node"), task);
      const counted = countTransfers(loadTensorflow("node"));
      const { layout, recipe, batch, images } = task;
      const weights = initialize(layout, 7, 0);
      resident.load({ weights, average: weights, optimizer: startState(recipe, layout.length) });
      const steps = deviceSteps(resident, task);
      const indices = Uint32Array.from({ length: batch }, (_, i) => i);
      const pixels = new Uint8Array(batch * images.height ** 2 * images.channels).fill(100);
      // The weights go up once they are used: in the first step.
      let before = { ...counted };
      let groups: readonly GroupResult[] = [];
      for (const step of [0, 1]) {
        before = { ...counted };
        steps.run({ step, epoch: 0, indices, pixels });
        ({ groups } = await steps.update(step, 0.01));
      }
      const children = groups.flatMap((group) => group.children).length;
      expect(children).toBe(4);
      const more = counted.up - before.up - pixels.length;
      expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThan(64 * 1024);
      // A loss and a count of each child, and the gradient's norm.
      expect(counted.down - before.down).toBe(4 * (2 * children + 1));
      resident.dispose();
    },
  );

  test("where the device holds the images, a step names them: a few bytes each, whatever their size", async () => {
    prepareEngine("node", 1);
    const task = await smallestTask("fashion", 8);
    const resident = residentOf(createNodeEngine("node"), task);
    const counted = countTransfers(loadTensorflow("node"));
    const { layout, recipe, batch, images } = task;
    resident.load({
      weights: initialize(layout, 7, 0),
      average: undefined,
      optimizer: startState(recipe, layout.length),
    });
    const set = new Uint8Array(batch * images.height ** 2 * images.channels).fill(100);
    let before = counted.up;
    resident.holdPictures(set);
    expect(counted.up - before).toBe(set.length);
    const indices = Uint32Array.from({ length: batch }, (_, i) => i);
    const upIn = async (isHeld: boolean): Promise<number> => {
      const steps = deviceSteps(resident, task, isHeld);
      before = counted.up;
      const { down } = counted;
      steps.run({ step: 0, epoch: 0, indices, pixels: isHeld ? new Uint8Array(0) : set });
      const { groups } = await steps.update(0, 0.01);
      const children = groups.flatMap((group) => group.children).length;
      expect(counted.down - down).toBe(4 * (2 * children + 1));
      return counted.up - before;
    };
    // The weights go up once they are used: in the first step.
    await upIn(true);
    const [held, all] = [await upIn(true), await upIn(false)];
    const more = held - (all - set.length);
    // Its place in the set, and of columns and rows the first and the way; the shapes of what TensorFlow reshapes besides.
    expect(more).toBeGreaterThanOrEqual(20 * batch);
    expect(more).toBeLessThan(20 * batch + 256);
    resident.dispose();
  });
});

/** A step of one norm group of a shipped space at its smallest resolution, with dropout and a moving average. */
async function smallestTask(name: string, batch: number): Promise<Task> {
  const whole = await loadSpace(name);
  const space = parseSpace({ ...whole.data, resolutions: [whole.resolutions[0]!] }, name);
  const supernet = buildSupernet(space);
  const size = space.resolutions[0]!;
  const { channels } = space;
  return {
    ...{
      supernet,
      layout: layoutOf(supernet.graph),
      batch,
      group: batch,
      seed: 7,
      execution: "masked",
      rounded: undefined,
      precision: "float32",
    },
    recipe: recipeSchema.parse({ name: "bytes", batch, normGroup: batch, averaging: 0.9 }),
    images: { count: batch, height: size, width: size, channels, labels: new Uint16Array(batch) },
    normalization: { mean: Array<number>(channels).fill(0.5), std: Array<number>(channels).fill(0.3) },
  };
}
