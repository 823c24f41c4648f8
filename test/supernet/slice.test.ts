import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { parametersOf, valuesInto } from "../../src/graph/graph.js";
import type { Node } from "../../src/graph/operators.js";
import { maximumOf, type Setting } from "../../src/graph/values.js";
import { print } from "../../src/graph/print.js";
import { convnetOf, inConvnet } from "../space/convnet.js";
import { biggest } from "../../src/space/space.js";
import {
  boxOf,
  gatherBox,
  isBypass,
  isIdentity,
  isWhole,
  scatterAddBox,
  slice,
  type Box,
} from "../../src/supernet/slice.js";
import { tinySupernets, anyPoint } from "./tiny-spaces.js";

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** A box of one to four dimensions anywhere in an array. */
const anyBox: fc.Arbitrary<Box> = fc
  .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 5 }), fc.nat(3)), { minLength: 1, maxLength: 4 })
  .map((dimensions) => ({
    start: dimensions.map(([before]) => before),
    size: dimensions.map(([, size]) => size),
    full: dimensions.map(([before, size, after]) => before + size + after),
  }));

/** Whether each index of the full array is in the box, by definition. */
const insideOf = ({ full, start, size }: Box): boolean[] =>
  Array.from({ length: product(full) }, (_, place) => {
    let rest = place;
    return full
      .map((_length, i) => {
        const stride = product(full.slice(i + 1));
        const index = Math.floor(rest / stride);
        rest %= stride;
        return index >= start[i]! && index < start[i]! + size[i]!;
      })
      .every(Boolean);
  });

test("gathering a box packs the values inside it, in order", () => {
  fc.assert(
    fc.property(anyBox, (box) => {
      const full = Float32Array.from({ length: product(box.full) }, (_, i) => i + 1);
      const inside = insideOf(box);
      expect([...gatherBox(box, full)]).toEqual([...full].filter((_, i) => inside[i]));
    }),
    { numRuns: 500 },
  );
});

test("scatter is the inverse of gather inside the box and leaves the outside unchanged", () => {
  fc.assert(
    fc.property(anyBox, fc.nat(), (box, seed) => {
      const draw = random(seed);
      const full = Float32Array.from({ length: product(box.full) }, () => draw.normal());
      const packed = gatherBox(box, full);
      const empty = new Float32Array(full.length);
      scatterAddBox(box, packed, empty);
      const inside = insideOf(box);
      expect([...empty]).toEqual([...full].map((value, i) => (inside[i] ? value : 0)));
      expect(gatherBox(box, empty)).toEqual(packed);

      const doubled = full.slice();
      scatterAddBox(box, packed, doubled);
      expect([...doubled]).toEqual([...full].map((value, i) => (inside[i] ? 2 * value : value)));
    }),
    { numRuns: 500 },
  );
});

test("a box covers the first channels and the centre of a kernel", () => {
  fc.assert(
    fc.property(anyPoint, ({ supernet, setting }) => {
      for (const parameter of parametersOf(supernet.graph)) {
        const { full, start, size } = boxOf(parameter, setting);
        parameter.shape.forEach((dimension, i) => {
          const kernel = typeof dimension !== "number" && dimension.kind === "kernel";
          const after = full[i]! - start[i]! - size[i]!;
          expect(start[i], `${parameter.name}, dimension ${i}`).toBe(kernel ? after : 0);
          expect(after).toBeGreaterThanOrEqual(0);
        });
      }
    }),
  );
});

test("a slice is plain: sizes are numbers, there are no gates, and names and order are the supernet's", () => {
  fc.assert(
    fc.property(anyPoint, ({ supernet, setting }) => {
      const plain = slice(supernet.graph, setting);
      for (const node of plain.nodes) {
        for (const value of [...valuesInto(node), ...Object.values(node.out)])
          expect(value.channels).toBeTypeOf("number");
        expect(node.attributes).not.toHaveProperty("gate");
        expect(node.attributes).not.toHaveProperty("identityWhenSquare");
        if ("kernel" in node.attributes) expect(node.attributes.kernel).toBeTypeOf("number");
      }
      for (const { shape } of parametersOf(plain)) for (const size of shape) expect(size).toBeTypeOf("number");
      const kept = new Set(plain.nodes.map(({ name }) => name));
      expect(plain.nodes.map(({ name }) => name)).toEqual(
        supernet.graph.nodes.map(({ name }) => name).filter((name) => kept.has(name)),
      );
    }),
  );
});

test("a slice has exactly the blocks of its depth, with the chosen kernels", () => {
  fc.assert(
    fc.property(anyPoint, ({ supernet: { graph, space }, setting, architecture }) => {
      const { nodes } = slice(graph, setting);
      const { stages } = convnetOf(space);
      inConvnet(architecture).stages.forEach(({ depth, kernels }, i) => {
        const block = ({ name }: { name: string }): string => name.split(".").slice(0, 3).join(".");
        const path = `stages.${stages[i]!.name}`;
        const blocks = new Set(nodes.filter(({ name }) => name.startsWith(`${path}.`)).map(block));
        expect([...blocks]).toEqual(Array.from({ length: depth }, (_, b) => `${path}.${b}`));
        kernels.forEach((kernel, b) => {
          // Kernels of every tiny space are elastic, and named after their block.
          const own = graph.nodes.find(
            ({ attributes }) =>
              "kernel" in attributes &&
              typeof attributes.kernel === "object" &&
              [`${path}.${b}`, `${path}.${b}.depthwise`].includes(attributes.kernel.name),
          );
          const sliced = nodes.find(({ name }) => name === own?.name);
          if (kernel === 0) expect(sliced, `${path}.${b}`).toBeUndefined();
          else expect(sliced?.attributes, `${path}.${b}`).toHaveProperty("kernel", kernel);
        });
      });
    }),
  );
});

test("the biggest architecture's slice is the whole supernet without identity shortcuts, bypasses and their sums", () => {
  for (const { graph, space, ...supernet } of tinySupernets) {
    const setting = supernet.settingOf(biggest(space));
    for (const parameter of parametersOf(graph)) expect(isWhole(boxOf(parameter, setting)), parameter.name).toBe(true);
    const plain = slice(graph, setting);
    const bypassed = new Set(graph.nodes.filter(isBypass).map(({ name }) => name));
    const dropped = (node: Node): boolean =>
      isIdentity(node, setting) || isBypass(node) || (node.op === "add" && bypassed.has(node.in.x.name));
    expect(plain.nodes.map(({ name }) => name)).toEqual(
      graph.nodes.filter((node) => !dropped(node)).map(({ name }) => name),
    );
    for (const { shape } of parametersOf(plain)) expect(shape).toEqual(shape.map(maximumOf));
  }
});

test("printed: a closed branch, an identity shortcut and smaller sizes", () => {
  const b = graphBuilder("net", 1);
  const width = { kind: "axis", name: "width", maximum: 8 } as const;
  const out = { kind: "axis", name: "out", maximum: 8 } as const;
  let x = b.conv("stem", b.input, { out: width, kernel: 3 });
  x = b.batchNorm("stem.norm", x);
  const side = b.conv("shortcut", x, { out, identityWhenSquare: true });
  let y = b.depthwise("depthwise", x, { kernel: { kind: "kernel", name: "kernel", maximum: 5 } });
  y = b.batchNorm("norm", b.conv("project", b.batchNorm("depthwise.norm", y), { out }));
  x = b.add("block", side, y);
  y = b.activation("gated.activation", b.batchNorm("gated.norm", x, { gate: { name: "gated" } }), "relu");
  const graph = b.build([
    b.dense("classifier", b.flatten("flatten", b.globalAveragePool("pool", b.add("sum", x, y))), 3),
  ]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:width≤8 = conv(%0, stem.weight[3×3×1×width≤8]) kernel=3
      %2:width≤8 = batchNorm(%1, stem.norm.gamma[width≤8], stem.norm.beta[width≤8]) epsilon=0.00001
      %3:out≤8 = conv(%2, shortcut.weight[1×1×width≤8×out≤8]) identityWhenSquare=true
      %4:width≤8 = depthwise(%2, depthwise.weight[kernel≤5×kernel≤5×width≤8]) kernel=kernel
      %5:width≤8 = batchNorm(%4, depthwise.norm.gamma[width≤8], depthwise.norm.beta[width≤8]) epsilon=0.00001
      %6:out≤8 = conv(%5, project.weight[1×1×width≤8×out≤8])
      %7:out≤8 = batchNorm(%6, norm.gamma[out≤8], norm.beta[out≤8]) epsilon=0.00001
      %8:out≤8 = add(%3, %7)
      %9:out≤8 = batchNorm(%8, gated.norm.gamma[out≤8], gated.norm.beta[out≤8]) epsilon=0.00001 gate=gated
      %10:out≤8 = activation(%9) function=relu
      %11:out≤8 = add(%8, %10)
      %12:out≤8 = globalAveragePool(%11)
      %13:out≤8 = flatten(%12)
      %14:3 = dense(%13, classifier.weight[out≤8×3], classifier.bias[3]) units=3
      return %14:3"
  `);

  const setting = (size: number, open: boolean): Setting => ({
    resolution: 8,
    axes: new Map([
      ["width", size],
      ["out", 4],
    ]),
    kernels: new Map([["kernel", 3]]),
    gates: new Map([["gated", open]]),
  });
  expect(print(slice(graph, setting(4, false)))).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:4 = conv(%0, stem.weight[3×3×1×4]) kernel=3
      %2:4 = batchNorm(%1, stem.norm.gamma[4], stem.norm.beta[4]) epsilon=0.00001
      %3:4 = depthwise(%2, depthwise.weight[3×3×4]) kernel=3
      %4:4 = batchNorm(%3, depthwise.norm.gamma[4], depthwise.norm.beta[4]) epsilon=0.00001
      %5:4 = conv(%4, project.weight[1×1×4×4])
      %6:4 = batchNorm(%5, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %7:4 = add(%2, %6)
      %8:4 = globalAveragePool(%7)
      %9:4 = flatten(%8)
      %10:3 = dense(%9, classifier.weight[4×3], classifier.bias[3]) units=3
      return %10:3"
  `);
  expect(print(slice(graph, setting(6, true)))).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:6 = conv(%0, stem.weight[3×3×1×6]) kernel=3
      %2:6 = batchNorm(%1, stem.norm.gamma[6], stem.norm.beta[6]) epsilon=0.00001
      %3:4 = conv(%2, shortcut.weight[1×1×6×4])
      %4:6 = depthwise(%2, depthwise.weight[3×3×6]) kernel=3
      %5:6 = batchNorm(%4, depthwise.norm.gamma[6], depthwise.norm.beta[6]) epsilon=0.00001
      %6:4 = conv(%5, project.weight[1×1×6×4])
      %7:4 = batchNorm(%6, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %8:4 = add(%3, %7)
      %9:4 = batchNorm(%8, gated.norm.gamma[4], gated.norm.beta[4]) epsilon=0.00001
      %10:4 = activation(%9) function=relu
      %11:4 = add(%8, %10)
      %12:4 = globalAveragePool(%11)
      %13:4 = flatten(%12)
      %14:3 = dense(%13, classifier.weight[4×3], classifier.bias[3]) units=3
      return %14:3"
  `);
});

test("a setting without a size for an axis is an internal error that names the axis", () => {
  const { graph } = tinySupernets[0]!;
  const nothing: Setting = { resolution: 9, axes: new Map(), kernels: new Map(), gates: new Map() };
  expect(() => slice(graph, nothing)).toThrow("internal: the setting has no size for axis stem");
});
