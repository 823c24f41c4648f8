import "./quick-compile.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { limitsOf, maskPlanOf } from "../../../src/engine/mask-plan.js";
import { createClient, type PjrtClient } from "../../../src/engine/pjrt/client/client.js";
import { packed, unpacked } from "../../../src/engine/pjrt/lowering/flat.js";
import { programMasks } from "../../../src/engine/pjrt/lowering/masks.js";
import { stableWriter, type Tensor } from "../../../src/engine/pjrt/stablehlo/writer.js";
import { layoutOf, viewsOf } from "../../../src/graph/layout.js";
import { roundedWeights } from "../../../src/graph/rounded-weights.js";
import { addMaskedGradient, applyMask, mask } from "../../../src/supernet/mask.js";
import { roundMasked } from "../../../src/supernet/round-weight.js";
import { boxOf, gatherBox, scatterAddBox } from "../../../src/supernet/slice.js";
import { anyPoint, type Point } from "../../supernet/tiny-spaces.js";
import { plugins } from "./plugins.js";

/** What a program makes of a vector of normal numbers: parameters under their masks, as gradients, in their boxes, and rounded. */
function masked(client: PjrtClient, { supernet: { graph }, setting }: Point, full: Float32Array) {
  const layout = layoutOf(graph);
  const plan = maskPlanOf(graph, layout);
  const w = stableWriter();
  const vector = w.input("f32", [layout.length]);
  const masks = programMasks(w, plan, w.input("f32", [plan.rows.length]));
  const all = [...unpacked(w, layout, vector)];
  const each = (change: (name: string, values: Tensor) => Tensor | undefined): Tensor =>
    packed(w, layout, new Map(all.flatMap(([name, values]) => [[name, change(name, values)] as const]).filter(isMade)));
  const program = w.program("masks", [
    each((name, values) => masks.effective(name, values)),
    each((name, values) => masks.gradient(name, values)),
    each((name, values) => masks.inBox(name, values)),
    each((name, values) => masks.rounded(name, values, { weights: roundedWeights(graph), bits: 8 })),
  ]);
  const executable = client.compile(program);
  const inputs = [full, Float32Array.from(limitsOf(plan, setting))].map((values) =>
    client.upload(values, [values.length]),
  );
  const outputs = executable.run(inputs);
  // −0 is 0.
  const [effective, gradient, inBox, rounded] = outputs.map((buffer) =>
    viewsOf(
      layout,
      buffer.read().map((value) => value + 0),
    ),
  );
  for (const buffer of [...inputs, ...outputs]) buffer.dispose();
  executable.dispose();
  return { effective: effective!, gradient: gradient!, inBox: inBox!, rounded: rounded! };
}

const isMade = (entry: readonly [string, Tensor | undefined]): entry is readonly [string, Tensor] =>
  entry[1] !== undefined;

describe.each(plugins)("$name", ({ path, missing }) => {
  let client: PjrtClient | undefined;
  beforeAll(() => {
    if (!missing) client = createClient(path);
  });
  afterAll(() => client?.dispose());

  test.skipIf(missing)("masks made in a program do to parameters what `mask` and `slice` say", () => {
    fc.assert(
      fc.property(anyPoint, (point) => {
        const { graph } = point.supernet;
        const { slots, length } = layoutOf(graph);
        const draw = random(point.seed, "masks");
        const full = Float32Array.from({ length }, () => draw.normal());
        const found = masked(client!, point, full);
        const masks = mask(graph, point.setting);
        for (const [name, { parameter, offset, length: size }] of slots) {
          const values = full.subarray(offset, offset + size);
          expect(found.effective.get(name), name).toEqual(applyMask(masks.get(name), parameter, values));
          const rounded = roundedWeights(graph).has(name)
            ? roundMasked(masks.get(name), parameter, values, { setting: point.setting, bits: 8 })
            : applyMask(masks.get(name), parameter, values);
          expect(found.rounded.get(name), name).toEqual(rounded.map((value) => value + 0));
          const gradient = new Float32Array(size);
          addMaskedGradient(masks.get(name), values, gradient);
          expect(found.gradient.get(name), name).toEqual(gradient);
          const inBox = new Float32Array(size);
          const box = boxOf(parameter, point.setting);
          scatterAddBox(box, gatherBox(box, values), inBox);
          expect(found.inBox.get(name), name).toEqual(inBox);
        }
      }),
      { numRuns: 8 },
    );
  });
});
