/** What crosses the bus in a step, counted at the backend. */
import { describe, expect, test } from "vitest";
import { prepareEngine } from "../../../src/engine/choose.js";
import { countTransfers, type Transfers } from "../../../src/engine/tensorflow/transfers.js";
import { installCommand, loadTensorflow, locate } from "../../../src/engine/tensorflow/locate.js";
import { createNodeEngine } from "../../../src/engine/tensorflow/node-engine.js";
import { initialize } from "../../../src/supernet/initialize.js";
import { planRun } from "../../../src/train/plan-run.js";
import { childrenOf, sandwichRunner } from "../../../src/train/sandwich.js";
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
});
