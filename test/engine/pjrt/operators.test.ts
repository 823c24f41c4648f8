import "./quick-compile.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import type { Engine } from "../../../src/engine/engine.js";
import { createPjrtEngine } from "../../../src/engine/pjrt/pjrt-engine.js";
import { createWasmEngine } from "../../../src/engine/wasm/wasm-engine.js";
import { graphBuilder } from "../../../src/graph/builder.js";
import { activations, type ActivationFunction } from "../../../src/graph/activations.js";
import type { PlainGraph } from "../../../src/graph/graph.js";
import type { Value } from "../../../src/graph/values.js";
import { describeEngine, randomWeights } from "../conformance.js";
import { plugins } from "./plugins.js";

const named = { name: "pjrt" as never, description: "pjrt" };
const sizes = { batch: 3, resolution: 9 };

/** Convolutions of both kinds with one window. */
function convolutions(kernel: number, stride: number): PlainGraph<"trained"> {
  const b = graphBuilder<number>(`windows-${kernel}-${stride}`, 3);
  const x = b.conv("conv", b.input, { out: 5, kernel, stride, bias: true });
  const y = b.depthwise("depthwise", x, { kernel, stride });
  return ended(b, b.conv("pointwise", y, { out: 4, kernel: 1 }));
}

/** What has no weights: every activation, pools of partial windows, sums and products. */
function elementwise(): PlainGraph<"trained"> {
  const b = graphBuilder<number>("elementwise", 3);
  const widened = b.conv("stem", b.input, { out: 6 });
  const parts = (Object.keys(activations) as ActivationFunction[]).map((name) =>
    b.activation(name, b.batchNorm(`norm-${name}`, widened), name),
  );
  const sum = parts.reduce((x, branch, i) => b.add(`add-${i}`, x, branch));
  const pooled = b.averagePool("pool-3", b.averagePool("pool-2", sum, 2), 3);
  const factor = b.activation("gate", b.globalAveragePool("squeeze", pooled), "hard-sigmoid");
  return ended(b, b.multiply("excite", pooled, factor));
}

const ended = (b: ReturnType<typeof graphBuilder<number>>, x: Value<number>): PlainGraph<"trained"> =>
  b.build([b.dense("dense", b.dropout("dropout", b.flatten("flatten", b.globalAveragePool("pool", x))), 4)]);

/** Logits and then all gradients, of normal weights and images. */
async function computed(engine: Engine, graph: PlainGraph<"trained">): Promise<readonly Float32Array[]> {
  const draw = random(graph.name);
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => draw.normal());
  const weights = randomWeights(graph, draw);
  const program = engine.compile(graph, sizes);
  const logits = await program.forward(weights, normal(sizes.batch * sizes.resolution ** 2 * 3));
  const gradients = await program.backward(normal(sizes.batch * 4));
  const copies = [logits, ...[...gradients.values()].map((gradient) => gradient.slice())];
  program.dispose();
  return copies;
}

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const windows = [1, 3, 5, 7].flatMap((kernel) => [1, 2].map((stride) => convolutions(kernel, stride)));
/** A CPU and an accelerator get the same convolution in different words; a CPU understands both. */
const backends = ["cpu", "accelerator"] as const;

describe.each(plugins)("$name", ({ path, missing }) => {
  describe.each(backends)("as for: %s", (backend) => {
    let engine: Engine | undefined;
    const create = (): Engine => createPjrtEngine(path, named, { backend });
    beforeAll(() => {
      if (!missing) engine = create();
    });
    afterAll(() => engine?.dispose());

    test.skipIf(missing).each([...windows, elementwise()].map((graph) => [graph.name, graph] as const))(
      "%s: logits and gradients as wasm's",
      async (_, graph) => {
        const wanted = await computed(createWasmEngine(), graph);
        const found = await computed(engine!, graph);
        expect(found).toHaveLength(wanted.length);
        for (const [i, values] of wanted.entries()) {
          const apart = largest(values.map((value, at) => value - found[i]![at]!));
          expect(apart / (1 + largest(values)), `array ${i}`).toBeLessThan(1e-5);
        }
      },
    );
  });
});

describe.each(plugins)("$name", ({ path, missing }) => {
  test.skipIf(missing)("bf16 rounds products to 8 bits, and nothing else", async () => {
    const engine = createPjrtEngine(path, named, { precision: "bf16" });
    for (const graph of [convolutions(3, 2), elementwise()]) {
      const [wanted, found] = [await computed(createWasmEngine(), graph), await computed(engine, graph)];
      const apart = largest(wanted[0]!.map((value, at) => value - found[0]![at]!)) / (1 + largest(wanted[0]!));
      expect(apart).toBeGreaterThan(1e-5);
      expect(apart).toBeLessThan(2 ** -5);
    }
    engine.dispose();
  });
});

const [first] = plugins.filter(({ missing }) => !missing);
if (first) {
  const create = async (): Promise<Engine> => createPjrtEngine(first.path, named);
  describeEngine(`pjrt on the ${first.name}`, create, { values: 5, gradients: 3, contract: 1 });
}
