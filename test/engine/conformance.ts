/**
 * Checks every engine over random nets: values against the float64 reference, gradients against its finite differences.
 */
// TensorFlow.js keeps one engine per process, whichever package brings the backend, so this import counts its tensors.
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { random, type Random } from "../../src/base/random.js";
import type { Engine } from "../../src/engine/engine.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { inputsOf, nodesOf, parametersOf, type PlainGraph } from "../../src/graph/graph.js";
import type { FakeQuantization } from "../../src/graph/operators.js";
import { elementsOf, type Value } from "../../src/graph/values.js";
import { activations, type ActivationFunction } from "../../src/graph/activations.js";
import { verify } from "../../src/graph/verify.js";
import { holdContract, TOLERANCE } from "../compile/contract.js";
import { spaceAt } from "../compile/random-children.js";
import { fakeQuantized, referenceForward } from "./reference.js";

const functions = Object.keys(activations) as ActivationFunction[];

/**
 * A random net with every operator: odd sizes, strides, kernels, channel counts that are no multiple of four, shared
 * inputs.
 * @param rounds whether it may round values, which a compiled child doesn't before it is quantised
 */
export function randomNet(
  seed: number,
  { rounds = true } = {},
): { graph: PlainGraph<"trained">; batch: number; resolution: number } {
  const draw = random(seed, "net");
  const b = graphBuilder<number>(`random-${seed}`, draw.pick([1, 3]));
  const width = (): number => draw.pick([1, 3, 4, 5, 8, 10, 16, 19, 24]);
  const kernel = (): number => draw.pick([1, 3, 5, 7, 9]);
  const activate = (path: string, x: Value<number>): Value<number> => b.activation(path, x, draw.pick(functions));
  let x = b.input;
  let count = 0;
  const name = (): string => `n${count++}`;
  // Rounding makes a jump of a last digit that differs, so it comes where all engines have the same digits: after one product.
  if (rounds && draw.next() < 0.5) {
    const bits = draw.pick([4, 6, 8]);
    const input = draw.next() < 0.5 ? b.fakeQuantize(name(), x, { bits, range: [-2, 2.5] }) : x;
    x = b.fakeQuantize(name(), b.depthwise(name(), input, { kernel: 1 }), { bits });
  }
  x = b.conv(name(), x, {
    out: width(),
    kernel: draw.pick([1, 3]),
    stride: draw.pick([1, 2]),
    bias: draw.next() < 0.3,
  });
  x = activate(name(), b.batchNorm(name(), x));
  for (let block = draw.integer(4); block >= 0; block--) {
    const shortcut = x;
    switch (draw.integer(6)) {
      case 0: // residual depthwise-separable
        x = b.depthwise(name(), x, { kernel: kernel() });
        x = activate(name(), b.batchNorm(name(), x));
        x = b.batchNorm(name(), b.conv(name(), x, { out: shortcut.channels }));
        x = b.add(name(), shortcut, x);
        break;
      case 1: // strided mbconv with pooled shortcut and squeeze-and-excite
        {
          const [middle, out] = [width(), width()];
          const side = b.conv(name(), b.averagePool(name(), x, 2), { out });
          x = activate(name(), b.batchNorm(name(), b.conv(name(), x, { out: middle })));
          x = activate(name(), b.batchNorm(name(), b.depthwise(name(), x, { kernel: kernel(), stride: 2 })));
          let factor = b.conv(name(), b.globalAveragePool(name(), x), { out: 3, bias: true });
          factor = b.conv(name(), activate(name(), factor), { out: middle, bias: true });
          x = b.multiply(name(), x, b.activation(name(), factor, "sigmoid"));
          x = b.add(name(), side, b.batchNorm(name(), b.conv(name(), x, { out })));
        }
        break;
      case 2: // a sum whose branch ends in an activation
        x = b.conv(name(), x, { out: shortcut.channels, kernel: draw.pick([1, 3]) });
        x = b.add(name(), shortcut, activate(name(), b.batchNorm(name(), x)));
        break;
      case 3: // strided convs
        x = b.conv(name(), x, { out: width(), kernel: draw.pick([1, 3, 5]), stride: 2 });
        x = b.batchNorm(name(), x);
        break;
      case 4: // a sum of two branches of one value
        x = b.add(name(), b.batchNorm(name(), x), activate(name(), x));
        break;
      default:
        x = b.depthwise(name(), x, { kernel: kernel(), stride: draw.pick([1, 2]) });
        x = activate(name(), b.batchNorm(name(), x));
    }
  }
  x = b.flatten(name(), b.globalAveragePool(name(), x));
  const graph = verify(b.build([b.dense(name(), b.dropout(name(), x), 3)]));
  return { graph, batch: 1 + draw.integer(4), resolution: 4 + draw.integer(9) };
}

export function randomWeights(graph: PlainGraph, draw: Random): Map<string, Float32Array> {
  return new Map(
    parametersOf(graph).map((parameter) => {
      const { name, shape, initializer } = parameter;
      const length = elementsOf(parameter);
      const fan = length / shape.at(-1)!;
      const scale = shape.length > 1 ? 1 / Math.sqrt(fan) : 0.5;
      return [name, Float32Array.from({ length }, () => draw.normal() * scale + (initializer === "ones" ? 1 : 0))];
    }),
  );
}

/**
 * Keeps |beta| below |gamma|, so that relu leaves something of each channel. A channel that is all zeros has no variance, and the gradient through a
 * batch norm there is its rounding 1 / √ε = 316 times as large, for each batch norm anew: of seed 124849, through three of them, wasm gave −0.108
 * and TensorFlow.js −0.062 where float64 gives −0.060. Forward passes are compared with such channels, too.
 */
function keepAlive(weights: ReadonlyMap<string, Float32Array>): void {
  for (const [name, beta] of weights) {
    const gamma = name.endsWith(".beta") && weights.get(name.replace(/beta$/, "gamma"));
    if (!gamma) continue;
    for (const [i, value] of beta.entries()) {
      const most = Math.abs(gamma[i]!);
      beta[i] = Math.min(most, Math.max(-most, value));
    }
  }
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, x) => Math.max(max, Math.abs(x)), 0);

/** Registers the suite for an engine. */
export function describeEngine(
  name: string,
  create: () => Promise<Engine>,
  runs: { values: number; gradients: number; contract: number },
): void {
  test(`${name}: forward equals the float64 reference, over random nets`, async () => {
    const engine = await create();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const { graph, batch, resolution } = randomNet(seed);
        const draw = random(seed, "values");
        const weights = randomWeights(graph, draw);
        const images = Float32Array.from({ length: batch * resolution ** 2 * graph.input.channels }, () =>
          draw.normal(),
        );
        const program = engine.compile(graph, { batch, resolution });
        const logits = await program.forward(weights, images);
        const again = await program.forward(weights, images);
        program.dispose();
        expect(again).toEqual(logits);
        const wide = new Map([...weights].map(([key, array]) => [key, Float64Array.from(array)]));
        const size = { batch, resolution };
        const reference = referenceForward(graph, wide, Float64Array.from(images), size, undefined, { float32: true });
        const difference = largest(logits.map((x, i) => x - reference[i]!));
        expect(difference).toBeLessThan(2e-3 * (1 + largest(reference)));
      }),
      { numRuns: runs.values },
    );
    engine.dispose();
  });

  test(`${name}: gradients equal the finite differences of the reference, over random nets`, async () => {
    const engine = await create();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const { graph, batch: drawn, resolution } = randomNet(seed);
        // Statistics of too few values make gradients that float32 can't represent.
        const batch = drawn + 4;
        const draw = random(seed, "gradients");
        const weights = randomWeights(graph, draw);
        keepAlive(weights);
        const images = Float32Array.from({ length: batch * resolution ** 2 * graph.input.channels }, () =>
          draw.normal(),
        );
        const features = nodesOf(graph, "dropout")[0]!.out.y.channels;
        const dropout = Float32Array.from({ length: batch * features }, () => (draw.next() < 0.3 ? 0 : 1 / 0.7));
        const dLogits = Float32Array.from({ length: batch * 3 }, () => draw.normal());
        const program = engine.compile(graph, { batch, resolution });
        await program.forward(weights, images, dropout);
        const gradients = await program.backward(dLogits);
        program.dispose();
        const wide = new Map([...weights].map(([key, array]) => [key, Float64Array.from(array)]));
        const rounding = { float32: true, added: new Map<string, Float64Array>() };
        const loss = (values?: Map<string, Float64Array>): number =>
          referenceForward(
            ...[graph, wide, Float64Array.from(images), { batch, resolution }, Float64Array.from(dropout), rounding],
            values,
          ).reduce((sum, x, i) => sum + x * dLogits[i]!, 0);
        // The first pass decides what rounding adds.
        loss();
        const values = new Map<string, Float64Array>();
        const here = loss(values);
        /** What doesn't depend on a parameter, since it comes before its node. */
        const before = (key: string): Map<string, Float64Array> => {
          const end = graph.nodes.findIndex((node) => inputsOf(node).some(({ name }) => name === key));
          const outputs = graph.nodes.slice(0, end).flatMap((node) => Object.values(node.out));
          return new Map(outputs.map(({ name }) => [name, values.get(name)!]));
        };
        const scale = [...gradients.values()].reduce((max, array) => Math.max(max, largest(array)), 1);
        for (const [key, array] of wide) {
          const i = draw.integer(array.length);
          const kept = array[i]!;
          /** The slopes on both sides. */
          const slopes = (h: number): [below: number, above: number] => {
            array[i] = kept - h;
            const below = (here - loss(before(key))) / h;
            array[i] = kept + h;
            const above = (loss(before(key)) - here) / h;
            array[i] = kept;
            return [below, above];
          };
          const [fine, coarse] = [slopes(1e-6), slopes(4e-6)];
          // If two step sizes disagree, the reference has a kink (relu) nearby and no derivative to compare with.
          if (Math.abs(fine[0] + fine[1] - coarse[0] - coarse[1]) / 2 > 1e-4 * scale) continue;
          // Where the kink is nearer than float32 can tell, either side's slope is right, as of seed 450562: −6.67 and −6.44.
          const found = gradients.get(key)![i]!;
          const nearest = Math.min(Math.max(found, Math.min(...fine)), Math.max(...fine));
          expect(Math.abs(found - nearest), `${key}[${i}]`).toBeLessThan(3e-3 * scale);
        }
      }),
      { numRuns: runs.gradients, examples: [[450562]] },
    );
    engine.dispose();
  });

  test(`${name}: fakeQuantize gives the numbers of its definition, and leaves them alone bit for bit`, async () => {
    const engine = await create();
    for (const [bits, range] of [[8], [4], [8, [0, 1]]] as const) {
      const [once, twice] = [1, 2].map((times) => engine.compile(roundingNet(bits, range, times), rounding));
      for (const [x, wanted] of roundedNumbers({ bits, ...(range && { range }) })) {
        const found = await once!.forward(identity, x);
        const apart = largest(found.map((value, i) => value - wanted[i]!));
        expect(apart).toBeLessThanOrEqual(1e-6 * largest(wanted));
        expect(await twice!.forward(identity, x)).toEqual(found);
      }
      for (const program of [once, twice]) program!.dispose();
    }
    engine.dispose();
  });

  test(`${name}: masked = sliced = compiled, over random architectures of fashion`, async () => {
    const engine = await create();
    const space = await spaceAt("fashion");
    const worst = await holdContract(engine, { space, seed: 2, count: runs.contract, batch: 4 });
    expect(worst.difference).toBeLessThan(TOLERANCE);
    engine.dispose();
  });
}

const numbers = 60;
const rounding = { batch: 3, resolution: 1 };
/** Weights of a dense layer that changes nothing. */
const identity = new Map([
  ["dense.weight", Float32Array.from({ length: numbers ** 2 }, (_, i) => (i % (numbers + 1) === 0 ? 1 : 0))],
  ["dense.bias", new Float32Array(numbers)],
]);

/** Rounds its input, once or several times. */
function roundingNet(bits: number, range: readonly [number, number] | undefined, times: number): PlainGraph<"trained"> {
  const b = graphBuilder<number>(`rounding-${times}`, numbers);
  let x = b.input;
  for (let i = 0; i < times; i++) x = b.fakeQuantize(`round-${i}`, x, { bits, ...(range && { range }) });
  return b.build([b.dense("dense", b.flatten("flatten", x), numbers)]);
}

/** Inputs on both sides of 0, on one, far from it, of many sizes, all 0; and what they become. */
function roundedNumbers(attributes: FakeQuantization): (readonly [Float32Array, Float64Array])[] {
  const draw = random("rounding");
  const inputs = Array.from({ length: 40 }, () => {
    const [scale, shift] = [10 ** (4 * draw.next() - 2), draw.pick([0, 0.5, 1, 10, -10])];
    return Float32Array.from({ length: rounding.batch * numbers }, () => scale * (draw.normal() + shift));
  });
  return [new Float32Array(rounding.batch * numbers), ...inputs].map((x) => [
    x,
    fakeQuantized(Float64Array.from(x), attributes, true),
  ]);
}

/** Checks that no tensor is left after a step, nor after a forward pass whose program is disposed of. */
export function describeTensors(name: string, create: () => Promise<Engine>): void {
  test(`${name}: a pass leaves no tensor behind`, async () => {
    const engine = await create();
    const { graph, batch, resolution } = randomNet(7);
    const draw = random("tensors");
    const weights = randomWeights(graph, draw);
    const images = new Float32Array(batch * resolution ** 2 * graph.input.channels).map(() => draw.normal());
    const before = tf.memory().numTensors;
    const program = engine.compile(graph, { batch, resolution });
    for (let i = 0; i < 3; i++) {
      await program.forward(weights, images);
      expect(tf.memory().numTensors).toBeGreaterThan(before);
      await program.backward(new Float32Array(batch * 3).fill(1));
      expect(tf.memory().numTensors).toBe(before);
    }
    await program.forward(weights, images);
    program.dispose();
    expect(tf.memory().numTensors).toBe(before);
    engine.dispose();
  });
}
