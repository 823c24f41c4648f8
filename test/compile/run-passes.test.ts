import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import type { Child } from "../../src/compile/child.js";
import type { Measured, Pass } from "../../src/compile/pass.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { graphBuilder } from "../../src/graph/builder.js";

const b = graphBuilder<number>("net", 1);
const trained: Child<"trained"> = { graph: b.build([b.activation("relu", b.input, "relu")]), weights: new Map() };

const idle = (name: string): Pass => ({ name, run: (child) => ({ child, notes: [] }) });
const broken: Pass = {
  name: "broken",
  run: (child) => ({
    child: { ...child, graph: { ...child.graph, outputs: [{ name: "nowhere", channels: 1, dtype: "float32" }] } },
    notes: [],
  }),
};
const throwing: Pass = {
  name: "throwing",
  run() {
    throw new Error("internal: no values for w");
  },
};
const nothing = () => new Map<string, Float32Array>();

test("a pass that makes a graph illegal is an internal error, which names the pass and those before it", async () => {
  await expect(runPasses(trained, [idle("one"), idle("two"), broken], nothing)).rejects.toThrow(
    "internal: after broken, following lower, one, two: net: the output nowhere is never made",
  );
});

test("a pass that throws is an internal error, which names the pass and those before it", async () => {
  await expect(runPasses(trained, [idle("one"), throwing], nothing)).rejects.toThrow(
    "internal: in throwing, following lower, one: no values for w",
  );
});

test("a graph that is illegal after the lowering is found before any pass", async () => {
  const graph = { ...trained.graph, outputs: [{ name: "nowhere", channels: 1, dtype: "float32" as const }] };
  await expect(runPasses({ ...trained, graph }, [], nothing)).rejects.toThrow(
    "internal: after lower: net: the output nowhere is never made",
  );
});

test("a measured pass gets what was found for the child before it, and later passes run on its result", async () => {
  const seen: string[] = [];
  const measured: Measured = {
    name: "measured",
    observe: (graph) => graph,
    conclude: nothing,
    absorb: (child, found) => ({
      child: { ...child, weights: found },
      notes: [{ node: "relu", verdict: "rewrote", detail: "measured" }],
    }),
  };
  const last: Pass = {
    name: "last",
    run(child) {
      seen.push(...child.weights.keys());
      return { child, notes: [{ node: "relu", verdict: "skipped", detail: "nothing to do" }] };
    },
  };
  const values = new Map([["relu.range", Float32Array.of(0, 1)]]);
  const { child, found, report } = await runPasses(trained, [measured, last], (pass, before) => {
    seen.push(`${pass.name} of ${before.graph.name}`);
    return values;
  });
  expect(seen).toEqual(["measured of net", "relu.range"]);
  expect(child.weights).toBe(values);
  expect(found).toEqual(new Map([["measured", values]]));
  expect(report.map(({ name, notes }) => [name, notes.length])).toEqual([
    ["lower", 0],
    ["measured", 1],
    ["last", 1],
  ]);
});

test("what a user can fix, such as a file that doesn't load where it is measured, keeps its code", async () => {
  const mistake = new UserError("runtime/model", { at: "x.onnx", got: "nothing", want: "a model", fix: "Give one." });
  const measured: Measured = {
    name: "measured",
    observe: (graph) => graph,
    conclude: nothing,
    absorb: (child) => ({ child, notes: [] }),
  };
  await expect(runPasses(trained, [measured], () => Promise.reject(mistake))).rejects.toBe(mistake);
});
