import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../../src/base/random.js";
import { deviceMasks, type DeviceMasks } from "../../../../src/engine/tensorflow/resident/masks.js";
import { layoutOf, type Slot } from "../../../../src/graph/layout.js";
import { roundedWeights } from "../../../../src/graph/rounded-weights.js";
import { addMaskedGradient, applyMask, mask } from "../../../../src/supernet/mask.js";
import { roundMasked } from "../../../../src/supernet/round-weight.js";
import { boxOf, gatherBox, scatterAddBox } from "../../../../src/supernet/slice.js";
import { anyPoint, type Point } from "../../../supernet/tiny-spaces.js";

await tf.setBackend("cpu");

/** What masks made on the device, and those of `mask`, make of a parameter's normal numbers. */
function forEachParameter(
  { supernet: { graph }, setting, seed }: Point,
  compare: (masks: DeviceMasks, slot: Slot, full: Float32Array, onDevice: tf.Tensor) => void,
): void {
  const layout = layoutOf(graph);
  const before = tf.memory().numTensors;
  const masks = deviceMasks(tf, graph, layout);
  tf.tidy(() => {
    const made = masks.at(setting);
    for (const [name, slot] of layout.slots) {
      const draw = random(seed, name);
      const full = Float32Array.from({ length: slot.length }, () => draw.normal());
      compare(made, slot, full, tf.tensor(full, [...slot.shape]));
    }
  });
  masks.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

/** With −0 as 0. */
const values = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">().map((value) => value + 0);

test("masks made on the device do to parameters what `mask` says", () => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      const masks = mask(point.supernet.graph, point.setting);
      forEachParameter(point, (made, { parameter }, full, onDevice) => {
        const { name } = parameter;
        expect(values(made.effective(name, onDevice)), name).toEqual(applyMask(masks.get(name), parameter, full));
      });
    }),
    { numRuns: 50 },
  );
});

test("gradients go through masks made on the device as through those of `mask`", () => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      const masks = mask(point.supernet.graph, point.setting);
      forEachParameter(point, (made, { parameter, length }, gradient, onDevice) => {
        const { name } = parameter;
        const through = new Float32Array(length);
        addMaskedGradient(masks.get(name), gradient, through);
        const onlyZeros = !made.isTrained(name);
        expect(onlyZeros ? through.map(() => 0) : values(made.gradient(name, onDevice)), name).toEqual(through);
      });
    }),
    { numRuns: 50 },
  );
});

test("a parameter's box on the device is the one that a slice takes", () => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      forEachParameter(point, (made, { parameter, length }, full, onDevice) => {
        const inBox = new Float32Array(length);
        const box = boxOf(parameter, point.setting);
        scatterAddBox(box, gatherBox(box, full), inBox);
        expect(values(made.inBox(parameter.name, onDevice)), parameter.name).toEqual(inBox);
      });
    }),
    { numRuns: 50 },
  );
});

test("weights are rounded on the device as in memory, each under its mask", () => {
  fc.assert(
    fc.property(anyPoint, fc.constantFrom(4, 8), (point, bits) => {
      const { supernet, setting } = point;
      const masks = mask(supernet.graph, setting);
      const rounded = roundedWeights(supernet.graph);
      forEachParameter(point, (made, { parameter }, full, onDevice) => {
        const { name } = parameter;
        const own = masks.get(name);
        const wanted = rounded.has(name)
          ? roundMasked(own, parameter, full, { setting, bits })
          : applyMask(own, parameter, full);
        expect(values(made.rounded(name, onDevice, bits)), name).toEqual(wanted.map((value) => value + 0));
      });
    }),
    { numRuns: 50 },
  );
});
