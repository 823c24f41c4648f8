/** Checks costs against figures worked out by hand. */
import { expect, test } from "vitest";
import { activationBytes, costOf } from "../../src/graph/analyses.js";
import { graphBuilder, type GraphBuilder } from "../../src/graph/builder.js";
import type { Value } from "../../src/graph/values.js";
import { inferExtents } from "../../src/graph/shapes.js";

const costs = (channels: number, resolution: number, make: (builder: GraphBuilder<number>) => Value<number>) => {
  const builder = graphBuilder<number>("net", channels);
  return costOf(builder.build([make(builder)]), resolution);
};

test("a strided conv of an odd size: output pixels × kernel² × in × out; the last window counts", () => {
  // 9 × 9 → 5 × 5.
  const { macs, parameters } = costs(3, 9, (b) => b.conv("c", b.input, { out: 8, kernel: 3, stride: 2 }));
  expect(macs).toBe(25 * 9 * 3 * 8);
  expect(parameters).toBe(9 * 3 * 8);
});

test("depthwise: output pixels × kernel² × channels; dense: in × out, with its bias as parameters", () => {
  expect(costs(6, 10, (b) => b.depthwise("d", b.input, { kernel: 5, stride: 2 }))).toMatchObject({
    macs: 25 * 25 * 6,
    parameters: 25 * 6,
  });
  const dense = costs(7, 4, (b) => b.dense("o", b.flatten("f", b.globalAveragePool("g", b.input)), 11));
  expect(dense).toMatchObject({ macs: 77, parameters: 77 + 11 });
});

test("batch norm, activation, pooling, add and multiply have no MACs; gamma and beta are parameters", () => {
  const found = costs(4, 6, (b) => {
    const x = b.activation("a", b.batchNorm("n", b.input), "swish");
    const y = b.add("s", x, b.input);
    return b.averagePool("p", b.multiply("m", y, b.globalAveragePool("g", y)), 2);
  });
  expect(found).toMatchObject({ macs: 0, parameters: 8 });
});

test("peak bytes: a chain holds an operator's input and output; an operator in place holds only one of them", () => {
  // Input 2 × 8² = 128 floats, conv out 4 × 8² = 256: both while the conv runs. The rest works in place.
  const chain = costs(2, 8, (b) =>
    b.activation("a", b.batchNorm("n", b.conv("c", b.input, { out: 4, kernel: 3 })), "relu"),
  );
  expect(chain.peakBytes).toBe(4 * (128 + 256));
});

test("peak bytes: a residual branch holds the shortcut besides an operator's input and output", () => {
  // x = 4 × 8² = 256 floats stays alive; the branch expands to 16 × 8² = 1024 and projects to 256.
  const residual = costs(4, 8, (b) => {
    const wide = b.conv("expand", b.input, { out: 16 });
    return b.add("sum", b.input, b.conv("project", b.activation("a", wide, "relu"), { out: 4 }));
  });
  expect(residual.peakBytes).toBe(4 * (256 + 1024 + 256));
});

test("peak bytes: an activation cannot overwrite an input that another node reads", () => {
  const again = costs(4, 8, (b) => {
    const gate = b.activation("a", b.input, "sigmoid");
    return b.add("sum", b.input, gate);
  });
  expect(again.peakBytes).toBe(4 * 512);
  const once = costs(4, 8, (b) => b.activation("a", b.input, "sigmoid"));
  expect(once.peakBytes).toBe(4 * 256);
});

test("extents follow the strides, rounding up, and end flat", () => {
  const builder = graphBuilder("net", 1);
  const a = builder.conv("a", builder.input, { out: 2, kernel: 3, stride: 2 });
  const b = builder.averagePool("b", a, 2);
  const flat = builder.flatten("f", builder.globalAveragePool("g", b));
  const extents = inferExtents(builder.build([builder.dense("o", flat, 3)]), 15);
  expect(Object.fromEntries(extents)).toEqual({ pixel_values: 15, a: 8, b: 4, g: 1, f: "flat", o: "flat" });
});

test("activation bytes: the image and every value, each once, whatever works in place", () => {
  const builder = graphBuilder<number>("net", 2);
  // 2 × 8² floats, twice 4 × 4², and 4.
  const conv = builder.conv("c", builder.input, { out: 4, kernel: 3, stride: 2 });
  const graph = builder.build([builder.globalAveragePool("g", builder.activation("a", conv, "relu"))]);
  expect(activationBytes(graph, 8)).toBe(4 * (128 + 64 + 64 + 4));
  expect(activationBytes(graph, 16)).toBe(4 * (512 + 256 + 256 + 4));
});
