/** Training on augmented and mixed images. */
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { mixTargets } from "../../src/data/augment/mix.js";
import { crossEntropy, smoothLabels } from "../../src/train/loss.js";
import { checkpointBytes, logOf, temporaryFolder, trainTiny } from "./tiny.js";

const augmentation = {
  crop: 1,
  flip: true,
  randomResizedCrop: { scale: [0.5, 1] },
  colorJitter: { brightness: 0.3, contrast: 0.3 },
  automatic: { kind: "trivial-augment" },
  randomErasing: {},
  mixup: { alpha: 0.2 },
  cutmix: {},
};

test("with every augmentation on, weights don't depend on the number of threads, and the log has finite losses", async () => {
  const runs = [];
  for (const threads of [1, 2]) {
    const out = await temporaryFolder();
    await trainTiny({ recipe: { augmentation }, out, steps: 4, threads });
    runs.push(await checkpointBytes(out));
    for (const line of await logOf(out)) expect(Number.isFinite(line.biggest!.loss)).toBe(true);
  }
  expect(runs[1]).toEqual(runs[0]);
});

test("each augmentation changes what is trained", async () => {
  const weightsWith = async (options: Record<string, unknown>): Promise<string> => {
    const out = await temporaryFolder();
    await trainTiny({ recipe: { augmentation: options }, out, steps: 1 });
    return (await checkpointBytes(out)).weights!;
  };
  const plain = await weightsWith({});
  for (const [name, value] of Object.entries(augmentation)) {
    expect(await weightsWith({ [name]: value }), name).not.toBe(plain);
  }
});

test("the loss of mixed targets is the two labels' losses, weighted", () => {
  const [count, classes, own] = [6, 5, 0.3];
  const draw = random("logits");
  const logits = Float32Array.from({ length: count * classes }, () => draw.normal());
  const labels = [0, 1, 2, 3, 4, 0];
  const partners = [0, 0, 1, 2, 3, 4];
  const lossOf = (targets: Float32Array) => crossEntropy(logits, targets, labels, count);
  const mixed = lossOf(mixTargets(smoothLabels(labels, classes, 0.1), { own, part: undefined }, count));
  const [first, second] = [labels, partners].map((of) => lossOf(smoothLabels(of, classes, 0.1)));
  expect(mixed.sum).toBeCloseTo(own * first!.sum + (1 - own) * second!.sum, 4);
  mixed.gradient.forEach((value, i) =>
    expect(value).toBeCloseTo(own * first!.gradient[i]! + (1 - own) * second!.gradient[i]!, 6),
  );
});
