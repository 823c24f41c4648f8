import fc from "fast-check";
import { expect, test } from "vitest";
import { batchStatistics, statisticsNames } from "../../src/compile/batch-statistics.js";
import { dropIdentities } from "../../src/compile/drop-identities.js";
import { emit } from "../../src/compile/emit.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { graphBuilder } from "../../src/graph/builder.js";
import { maximumOf } from "../../src/graph/graph.js";
import { print } from "../../src/graph/print.js";
import { verify } from "../../src/graph/verify.js";
import { withSession } from "../../src/runtime/session.js";
import { momentsOf } from "../engine/reference.js";
import { randomNetChild, reference, upTo } from "./random-net-child.js";

test("every batch norm normalises by moments, which the graph puts out instead of its outputs", () => {
  const b = graphBuilder("net", 1);
  let x = b.batchNorm("norm", b.conv("conv", b.input, { out: 4 }));
  x = b.batchNorm("last", b.depthwise("depthwise", b.activation("relu", x, "relu"), { kernel: 3 }));
  const graph = b.build([x]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:4 = conv(%0, conv.weight[1×1×1×4])
      %2:4 = batchNorm(%1, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %3:4 = activation(%2) function=relu
      %4:4 = depthwise(%3, depthwise.weight[3×3×4]) kernel=3
      %5:4 = batchNorm(%4, last.gamma[4], last.beta[4]) epsilon=0.00001
      return %5:4"
  `);
  const after = verify(batchStatistics.run(graph));
  expect(print(after)).toMatchInlineSnapshot(`
    "net(%0:1)
      %1:4 = conv(%0, conv.weight[1×1×1×4])
      %2:4, %3:4 = moments(%1)
      %4:4 = batchNorm(%1, norm.gamma[4], norm.beta[4], %2, %3) epsilon=0.00001
      %5:4 = activation(%4) function=relu
      %6:4 = depthwise(%5, depthwise.weight[3×3×4]) kernel=3
      %7:4, %8:4 = moments(%6)
      %9:4 = batchNorm(%6, last.gamma[4], last.beta[4], %7, %8) epsilon=0.00001
      return %2:4, %3:4, %7:4, %8:4"
  `);
  expect(after.outputs.map(({ name }) => name)).toEqual(["norm.mean", "norm.variance", "last.mean", "last.variance"]);
});

test("a graph without batch norm puts nothing out", () => {
  const b = graphBuilder("net", 1);
  const graph = b.build([b.conv("conv", b.input, { out: 4 })]);
  expect(batchStatistics.run(graph)).toMatchObject({ nodes: graph.nodes, outputs: [] });
});

test("on onnxruntime the statistics are float64 mean and biased variance of what each batch norm reads, over random nets", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const { child, block } = randomNetChild(seed);
      const { graph, weights } = dropIdentities.run(child);
      const { images, count, resolution, channels } = block;
      const bytes = emit({ graph: batchStatistics.run(graph), weights }, { resolution });
      const measured = await withSession(bytes, { threads: 1, optimization: "disabled" }, (session) =>
        session.run(toChannelsFirst(images, count, channels), [count, channels, resolution, resolution]),
      );
      const norms = graph.nodes.filter((node) => node.op === "batchNorm");
      expect(measured.size).toBe(2 * norms.length);
      for (const norm of norms) {
        const { x } = norm.in;
        const read =
          x.name === graph.input.name
            ? Float64Array.from(images)
            : reference({ graph: upTo(graph, x.name), weights }, block);
        const { mean, variance } = momentsOf(read, maximumOf(x.channels));
        const names = statisticsNames(norm);
        const close = (name: string, expected: Float64Array): void =>
          expected.forEach((value, c) => {
            const off = Math.abs(measured.get(name)![c]! - value);
            expect(off, `${name}[${c}]`).toBeLessThanOrEqual(2e-3 * (1 + Math.abs(value)));
          });
        close(names.mean, mean);
        close(names.variance, variance);
      }
    }),
    { numRuns: 100 },
  );
});
