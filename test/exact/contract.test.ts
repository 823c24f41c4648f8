/** The contract over thousands of random architectures. `SEED=7 npm run test:exact` draws others. */
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/choose.js";
import { shippedSpaces } from "../../src/supernet/spaces.js";
import { holdContract, TOLERANCE, type Worst } from "../compile/contract.js";
import { spaceAt } from "../compile/random-children.js";

const seed = Number(process.env["SEED"] ?? 0);

const described = ({ id, difference }: Worst): string =>
  `largest difference ${difference.toExponential(1)} × (1 + max |logit|), architecture ${id}`;

/** Parts of 100, each with weights of its own: 2,000 architectures. */
test.for(Array.from({ length: 20 }, (_, part) => seed + part))(
  "masked = sliced = compiled: 100 random architectures of fashion, seed %i",
  async (part, { annotate }) => {
    const space = await spaceAt("fashion");
    const worst = await holdContract(await createEngine("wasm"), { space, seed: part, count: 100, batch: 6 });
    await annotate(described(worst));
    expect(worst.difference).toBeLessThan(TOLERANCE);
  },
);

test.for(shippedSpaces.filter((name) => name !== "fashion"))(
  "masked = sliced = compiled: 50 random architectures of %s at 36 or 64 pixels",
  async (name, { annotate }) => {
    const space = await spaceAt(name, [36, 64]);
    const worst = await holdContract(await createEngine("wasm"), { space, seed, count: 50, batch: 4 });
    await annotate(described(worst));
    expect(worst.difference).toBeLessThan(TOLERANCE);
  },
);
