/**
 * A graph's type tells which operators it may hold and whether its sizes are numbers. `tsc` checks these lines, as it
 * does all tests.
 */
import { expect, expectTypeOf, test } from "vitest";
import { lower } from "../../src/compile/lower.js";
import { graphBuilder } from "../../src/graph/builder.js";
import type { ElasticGraph, Graph, PlainGraph } from "../../src/graph/graph.js";
import { nodesOf } from "../../src/graph/graph.js";

const b = graphBuilder<number>("net", 2);
const trained = b.build([b.dropout("dropout", b.batchNorm("norm", b.input))]);
const deployed = lower.run({ graph: trained, weights: new Map() }).child.graph;

test("a plain graph is also an elastic one, but not the reverse; code for any graph accepts both operator sets", () => {
  expectTypeOf(trained).toEqualTypeOf<PlainGraph<"trained">>();
  expectTypeOf(trained).toExtend<ElasticGraph>();
  expectTypeOf<ElasticGraph>().not.toExtend<PlainGraph<"trained">>();
  expectTypeOf(trained).toExtend<Graph>();
  expectTypeOf(deployed).toExtend<Graph>();
});

test("a graph for training is not one for deployment, nor the reverse", () => {
  expectTypeOf(trained).not.toExtend<PlainGraph<"deployed">>();
  expectTypeOf(deployed).not.toExtend<PlainGraph<"trained">>();
  expect(nodesOf(trained, "dropout")).toHaveLength(1);
  // @ts-expect-error a graph for deployment has no dropout
  expect(nodesOf(deployed, "dropout")).toHaveLength(0);
  // @ts-expect-error a graph for training has no moments
  expect(nodesOf(trained, "moments")).toHaveLength(0);
});

test("a plain graph has no gates, and its channels are numbers", () => {
  const norm = nodesOf(trained, "batchNorm")[0]!;
  expectTypeOf(norm.attributes.gate).toEqualTypeOf<undefined>();
  expectTypeOf(norm.in.x.channels).toEqualTypeOf<number>();
  expect(norm.in.x.channels).toBe(2);
});
