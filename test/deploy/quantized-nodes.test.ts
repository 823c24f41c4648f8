import { expect, test } from "vitest";
import { emit } from "../../src/compile/emit.js";
import { layoutNames } from "../../src/compile/layouts.js";
import { layersOf } from "../../src/compile/places.js";
import { int8For } from "../../src/compile/precisions.js";
import { countOf, quantizedNodesOf } from "../../src/deploy/quantized-nodes.js";
import { nodesOf } from "../../src/graph/graph.js";
import { quantizedChild } from "../compile/quantized-child.js";

test.each(layoutNames)("a relu child for %s computes in whole numbers alone, where that is counted", async (layout) => {
  const { child, resolution } = await quantizedChild("pictures-64", int8For(layout));
  const bytes = emit(child, { resolution });
  const nodes = await quantizedNodesOf(bytes, int8For(layout), { dims: [1, 3, resolution, resolution] });
  const { graph } = child;
  const wanted = ["conv", "depthwise", "dense", "add", "averagePool", "globalAveragePool"] as const;
  const all = wanted.reduce((sum, operator) => sum + nodesOf(graph, operator).length, 0);
  expect([nodes.unfused, nodes.float, countOf(nodes.quantized)]).toEqual([0, {}, all]);
});

test("a file for ARM fuses there alone: on x64 some of its layers would compute in float32", async () => {
  const { child, resolution } = await quantizedChild("pictures-64", "int8-arm");
  const bytes = emit(child, { resolution });
  const { unfused } = await quantizedNodesOf(bytes, "int8-x64", { dims: [1, 3, resolution, resolution] });
  expect(unfused).toBeGreaterThan(0);
});

test.each(["tensorrt", "openvino", "x64"] as const)("a float child is found out for %s", async (layout) => {
  const { child, resolution } = await quantizedChild("pictures-64", "float32");
  const dims = [1, 3, resolution, resolution];
  const { unfused, quantized, float } = await quantizedNodesOf(emit(child, { resolution }), int8For(layout), { dims });
  expect([unfused, quantized]).toEqual([layersOf(child.graph).length, {}]);
  // onnxruntime's reordering of values before and after its convolutions computes nothing.
  expect(Object.keys(float).filter((operator) => operator.startsWith("Reorder"))).toEqual([]);
  const kept = layersOf(child.graph).length;
  const meant = await quantizedNodesOf(emit(child, { resolution }), int8For(layout), { dims, kept });
  expect(meant.unfused).toBe(0);
});
