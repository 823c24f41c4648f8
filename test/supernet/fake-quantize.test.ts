/** The supernet as it trains for int8: where values are rounded, and that masked and sliced round alike. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { everyValue } from "../../src/compile/places.js";
import { floatSteps } from "../../src/compile/passes.js";
import { slicedChild } from "../../src/compile/children.js";
import { measure } from "../../src/compile/measure.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { nodesOf, parametersOf, valuesInto } from "../../src/graph/graph.js";
import { layoutOf, viewsOf } from "../../src/graph/layout.js";
import { print } from "../../src/graph/print.js";
import { roundedWeights } from "../../src/graph/rounded-weights.js";
import type { Engine, Program } from "../../src/engine/engine.js";
import { createWasmEngine } from "../../src/engine/wasm/wasm-engine.js";
import { fakeQuantized } from "../../src/supernet/fake-quantize.js";
import { initialize } from "../../src/supernet/initialize.js";
import { roundWeight } from "../../src/supernet/round-weight.js";
import { boxOf, gatherBox, isBypass, scatterAddBox, slice } from "../../src/supernet/slice.js";
import { executor } from "../../src/train/executable.js";
import type { Execution, Task } from "../../src/train/task.js";
import { randomImages } from "../compile/random-children.js";
import { referenceForward } from "../engine/reference.js";
import { largest } from "../train/tiny.js";
import { anyPoint, type Point } from "./tiny-spaces.js";

test("printed: what a runtime fuses stays together, logits stay as they are, a sigmoid's range is known", () => {
  const b = graphBuilder<number>("net", 3);
  const stem = b.activation("relu", b.batchNorm("norm", b.conv("stem", b.input, { out: 4 })), "relu");
  let factor = b.conv("reduce", b.globalAveragePool("squeeze", stem), { out: 2, bias: true });
  factor = b.conv("expand", b.activation("reduce.relu", factor, "relu"), { out: 4, bias: true });
  const excited = b.multiply("excite", stem, b.activation("gate", factor, "sigmoid"));
  const swish = b.activation(
    "swish",
    b.batchNorm("swish.norm", b.depthwise("depthwise", excited, { kernel: 3 })),
    "swish",
  );
  const sum = b.add("sum", stem, b.batchNorm("project.norm", b.conv("project", swish, { out: 4 })));
  const end = b.dropout("dropout", b.flatten("flatten", b.globalAveragePool("pool", sum)));
  const graph = b.build([b.dense("dense", end, 3)]);
  expect(print(fakeQuantized(graph, 8))).toMatchInlineSnapshot(`
    "net(%0:3)
      %1:3 = fakeQuantize(%0) bits=8
      %2:4 = conv(%1, stem.weight[1×1×3×4])
      %3:4 = batchNorm(%2, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %4:4 = activation(%3) function=relu
      %5:4 = fakeQuantize(%4) bits=8
      %6:4 = globalAveragePool(%5)
      %7:4 = fakeQuantize(%6) bits=8
      %8:2 = conv(%7, reduce.weight[1×1×4×2], reduce.bias[2])
      %9:2 = activation(%8) function=relu
      %10:2 = fakeQuantize(%9) bits=8
      %11:4 = conv(%10, expand.weight[1×1×2×4], expand.bias[4])
      %12:4 = fakeQuantize(%11) bits=8
      %13:4 = activation(%12) function=sigmoid
      %14:4 = fakeQuantize(%13) bits=8 range=0,1
      %15:4 = multiply(%5, %14)
      %16:4 = fakeQuantize(%15) bits=8
      %17:4 = depthwise(%16, depthwise.weight[3×3×4]) kernel=3
      %18:4 = batchNorm(%17, swish.norm.gamma[4], swish.norm.beta[4]) epsilon=0.00001
      %19:4 = fakeQuantize(%18) bits=8
      %20:4 = activation(%19) function=swish
      %21:4 = fakeQuantize(%20) bits=8
      %22:4 = conv(%21, project.weight[1×1×4×4])
      %23:4 = batchNorm(%22, project.norm.gamma[4], project.norm.beta[4]) epsilon=0.00001
      %24:4 = fakeQuantize(%23) bits=8
      %25:4 = add(%5, %24)
      %26:4 = fakeQuantize(%25) bits=8
      %27:4 = globalAveragePool(%26)
      %28:4 = fakeQuantize(%27) bits=8
      %29:4 = flatten(%28)
      %30:4 = dropout(%29)
      %31:3 = dense(%30, dense.weight[4×3], dense.bias[3]) units=3
      return %31:3"
  `);
});

test("a slice of the rounded supernet is the rounded slice: each value once, wherever branches are closed", () => {
  fc.assert(
    fc.property(anyPoint, ({ supernet: { graph }, setting }) => {
      expect(print(slice(fakeQuantized(graph, 8), setting))).toBe(print(fakeQuantized(slice(graph, setting), 8)));
    }),
    { numRuns: 300 },
  );
});

test("what is rounded in training is what `quantize` makes 8 bits of in the child, for layouts of every value", async () => {
  await fc.assert(
    fc.asyncProperty(anyPoint, async ({ supernet, setting, architecture, seed }) => {
      const layout = layoutOf(supernet.graph);
      const child = slicedChild(supernet, viewsOf(layout, initialize(layout, seed, 1)), architecture);
      const images = randomImages(supernet.space, setting.resolution, 4, seed);
      const { child: ready } = await runPasses(child, floatSteps, (step, before) => measure(step, before, images));
      const reads8Bits = everyValue(ready.graph, new Map());
      // A flattened value has the numbers of what is flattened.
      const flat = new Set(nodesOf(ready.graph, "flatten").map(({ out }) => out.y.name));
      const read = ready.graph.nodes.flatMap((node) => valuesInto(node).filter((value) => reads8Bits(node, value)));
      const wanted = new Set(read.map(({ name }) => name).filter((name) => !flat.has(name)));
      const rounded = nodesOf(fakeQuantized(slice(supernet.graph, setting), 8), "fakeQuantize");
      expect(new Set(rounded.map(({ in: { x } }) => x.name))).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

/** Keeps what it is asked for, and computes it in float64. */
const inFloat64: Engine = {
  ...{ name: "wasm", description: "float64" },
  compile: (graph, size) => ({
    forward: async (weights, images) => {
      const wide = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]));
      return Float32Array.from(referenceForward(graph, wide, Float64Array.from(images), size));
    },
    backward: () => Promise.reject(new Error("not computed here")),
    dispose: () => undefined,
  }),
  dispose: () => undefined,
};

const batch = 4;

/** The logits of a point, and what comes back to the shared weights, on an engine that rounds to these bits. */
async function run(engine: Engine, point: Point, execution: Execution, bits: number | undefined) {
  const { supernet, architecture, setting, seed } = point;
  const { space, graph } = supernet;
  const layout = layoutOf(graph);
  const flat = initialize(layout, seed, 1);
  const draw = random(seed, "shifts");
  for (const [name, values] of viewsOf(layout, flat)) {
    if (/gamma|beta|bias/.test(name)) values.forEach((value, i) => (values[i] = value + 0.3 * draw.normal()));
  }
  const { executableOf, dispose } = executor(engine, { supernet, layout, execution, group: batch } as Task);
  const { program, weightsFrom, addGradients } = executableOf(architecture, bits);
  const { images } = randomImages(space, setting.resolution, batch, seed);
  const logits = await program.forward(weightsFrom(viewsOf(layout, flat)), images);
  const shared = viewsOf(layout, new Float32Array(layout.length));
  const backward = async (): Promise<typeof shared> => {
    addGradients(await program.backward(Float32Array.from({ length: logits.length }, () => draw.normal())), shared);
    return shared;
  };
  return { logits, backward, dispose };
}

const apart = (one: Float32Array, other: Float32Array): number => largest(one.map((value, i) => value - other[i]!));

test("masked and sliced round alike: equal logits, in float64", async () => {
  let differs = 0;
  await fc.assert(
    fc.asyncProperty(anyPoint, fc.constantFrom(4, 8), async (point, bits) => {
      const [masked, sliced] = [
        await run(inFloat64, point, "masked", bits),
        await run(inFloat64, point, "sliced", bits),
      ];
      const plain = await run(inFloat64, point, "sliced", undefined);
      expect(apart(masked.logits, sliced.logits)).toBeLessThanOrEqual(1e-6 * (1 + largest(sliced.logits)));
      if (apart(plain.logits, sliced.logits) > 1e-3) differs++;
    }),
    { numRuns: 80 },
  );
  expect(differs).toBeGreaterThan(75);
});

test("masked and sliced round alike on an engine: equal logits, equal gradients, none of what a child doesn't use", async () => {
  const engine = createWasmEngine();
  const differences = async (point: Point): Promise<string[]> => {
    // Backward before another program runs.
    const masked = await run(engine, point, "masked", 8);
    const gradients = await masked.backward();
    const sliced = await run(engine, point, "sliced", 8);
    const wanted = await sliced.backward();
    for (const [name, values] of wanted) {
      // What a slice leaves alone is 0, and masked it is 0, too.
      const { parameter } = layoutOf(point.supernet.graph).slots.get(name)!;
      const inBox = new Float32Array(values.length);
      const box = boxOf(parameter, point.setting);
      scatterAddBox(box, gatherBox(box, new Float32Array(values.length).fill(1)), inBox);
      expect(largest(gradients.get(name)!.filter((_, i) => inBox[i] === 0)), name).toBe(0);
    }
    const scale = Math.max(1, ...[...wanted.values()].map(largest));
    return [
      ...(apart(masked.logits, sliced.logits) <= 1e-4 * (1 + largest(sliced.logits)) ? [] : ["logits"]),
      ...[...gradients].flatMap(([name, values]) => (apart(values, wanted.get(name)!) <= 1e-3 * scale ? [] : [name])),
    ];
  };
  // A sum's last digit may decide how it is rounded: once in 80 of these points and values, 1 in 5 for a point with many of them.
  const runs = 200;
  let apartAtFirst = 0;
  await fc.assert(
    fc.asyncProperty(anyPoint, async (point) => {
      let found = await differences(point);
      if (found.length > 0) apartAtFirst++;
      // What is wrong is wrong for other values, too.
      for (let more = 1; more < 5 && found.length > 0; more++) {
        found = await differences({ ...point, seed: point.seed + more });
      }
      expect(found).toEqual([]);
    }),
    { numRuns: runs },
  );
  expect(apartAtFirst).toBeLessThan(runs / 12);
});

test("weights of all layers are rounded by the largest of their channel that a child uses; a bypass isn't", () => {
  fc.assert(
    fc.property(anyPoint, fc.constantFrom(4, 8), ({ supernet, architecture, setting, seed }, bits) => {
      const layout = layoutOf(supernet.graph);
      const shared = viewsOf(layout, initialize(layout, seed, 1));
      const bypasses = supernet.graph.nodes.filter(isBypass).map(({ in: { weight } }) => weight.name);
      const names = roundedWeights(supernet.graph);
      expect([...names].sort()).toEqual(
        [...shared.keys()].filter((name) => name.endsWith(".weight") && !bypasses.includes(name)).sort(),
      );
      const weightsOf = (execution: Execution, rounded?: number) =>
        executor(uncompiled, { supernet, layout, execution, group: batch } as Task)
          .executableOf(architecture, rounded)
          .weightsFrom(shared);
      const [masked, sliced, plain] = [weightsOf("masked", bits), weightsOf("sliced", bits), weightsOf("sliced")];
      for (const { name, shape } of parametersOf(slice(supernet.graph, setting))) {
        const [found, values] = [sliced.get(name)!, plain.get(name)!];
        if (!names.has(name)) {
          expect(found, name).toEqual(values);
          continue;
        }
        const channels = shape.at(-1)!;
        for (let c = 0; c < channels; c++) {
          const of = (array: Float32Array): number[] =>
            Array.from({ length: array.length / channels }, (_, row) => array[row * channels + c]!);
          const scale = (largest(of(values)) || 1) / (2 ** (bits - 1) - 1);
          const before = of(values);
          const off = of(found).map((value, i) => Math.abs(value - before[i]!) / scale);
          const fraction = of(found).map((value) => Math.abs(value / scale - Math.round(value / scale)));
          expect(Math.max(...off), name).toBeLessThanOrEqual(0.5001);
          expect(Math.max(...fraction), name).toBeLessThan(1e-4);
        }
        const box = boxOf(layout.slots.get(name)!.parameter, setting);
        const inside = gatherBox(box, masked.get(name)!);
        expect(inside, name).toEqual(found);
      }
    }),
    { numRuns: 20 },
  );
});

const uncompiled: Engine = { ...inFloat64, compile: () => ({}) as Program };

test("halves round to even, and a channel of zeros stays zero", () => {
  const values = Float32Array.of(127, 0, 0.5, 0, 1.5, 0, 2.5, 0, -0.5, 0, -1.5, 0);
  expect([...roundWeight(values, 2, 8)]).toEqual([127, 0, 0, 0, 2, 0, 2, 0, 0, 0, -2, 0]);
});
