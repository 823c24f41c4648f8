import fc from "fast-check";
import { expect, test } from "vitest";
import { fuse, type Step } from "../../../src/engine/wasm/fuse.js";
import { graphBuilder, type GraphBuilder } from "../../../src/graph/builder.js";
import { valuesInto, valuesOutOf, type PlainGraph } from "../../../src/graph/graph.js";
import { print } from "../../../src/graph/print.js";
import type { Value } from "../../../src/graph/values.js";
import { randomNet } from "../conformance.js";

function netOf(make: (b: GraphBuilder<number>) => Value<number> | readonly Value<number>[]): PlainGraph<"trained"> {
  const b = graphBuilder<number>("net", 4);
  const made = make(b);
  return b.build("name" in made ? [made] : made);
}

const read = (step: Step): readonly Value<number>[] =>
  step.op === "fusedNorm" ? [step.norm.in.x, ...(step.residual ? [step.residual] : [])] : valuesInto(step);
const made = (step: Step): readonly Value<number>[] => (step.op === "fusedNorm" ? [step.y] : valuesOutOf(step));

/** One line per step: its output, its operator with followers, its inputs. */
const printed = (graph: PlainGraph<"trained">): string =>
  fuse(graph)
    .map((step) => {
      const followers =
        step.op === "fusedNorm"
          ? [step.activation && ` + ${step.activation.attributes.function}`, step.residual && " + add"].filter(Boolean)
          : [];
      const names = (values: readonly Value[]): string => values.map(({ name }) => name).join(", ");
      return `${names(made(step))} = ${step.op}${followers.join("")}(${names(read(step))})`;
    })
    .join("\n");

test("a batch norm is joined with the activation that alone reads it, or with the sum whose branch it is (printed before and after)", () => {
  const graph = netOf((b) => {
    const x = b.activation("relu", b.batchNorm("norm", b.conv("conv", b.input, { out: 4 })), "relu");
    return b.add("sum", x, b.batchNorm("norm2", b.conv("conv2", x, { out: 4 })));
  });
  expect(print(graph)).toMatchInlineSnapshot(`
    "net(%0:4)
      %1:4 = conv(%0, conv.weight[1×1×4×4])
      %2:4 = batchNorm(%1, norm.gamma[4], norm.beta[4]) epsilon=0.00001
      %3:4 = activation(%2) function=relu
      %4:4 = conv(%3, conv2.weight[1×1×4×4])
      %5:4 = batchNorm(%4, norm2.gamma[4], norm2.beta[4]) epsilon=0.00001
      %6:4 = add(%3, %5)
      return %6:4"
  `);
  expect(printed(graph)).toMatchInlineSnapshot(`
    "conv = conv(pixel_values)
    relu = fusedNorm + relu(conv)
    conv2 = conv(relu)
    sum = fusedNorm + add(conv2, relu)"
  `);
});

/** Cases in which a batch norm stays alone: the reason, and a net. */
const alone: Record<string, () => PlainGraph<"trained">> = {
  "two nodes read it": () =>
    netOf((b) => {
      const x = b.batchNorm("norm", b.input);
      return b.add("sum", b.activation("relu", x, "relu"), x);
    }),
  "the graph outputs it": () =>
    netOf((b) => {
      const x = b.batchNorm("norm", b.input);
      return [b.activation("relu", x, "relu"), x];
    }),
  "one sum reads it twice": () =>
    netOf((b) => {
      const x = b.batchNorm("norm", b.input);
      return b.add("sum", x, x);
    }),
  "it is the sum's shortcut, not its branch": () =>
    netOf((b) => b.add("sum", b.batchNorm("norm", b.input), b.conv("conv", b.input, { out: 4 }))),
  "the sum's shortcut is made after it": () =>
    netOf((b) => {
      const branch = b.batchNorm("norm", b.input);
      return b.add("sum", b.conv("conv", b.input, { out: 4 }), branch);
    }),
  "another operator reads it": () => netOf((b) => b.conv("conv", b.batchNorm("norm", b.input), { out: 4 })),
};

test.each(Object.entries(alone))("a batch norm stays alone if %s", (_, make) => {
  const graph = make();
  const steps = fuse(graph);
  expect(steps).toHaveLength(graph.nodes.length);
  const norm = steps.find((step) => step.op === "fusedNorm");
  expect(norm).not.toHaveProperty("activation");
  expect(norm).not.toHaveProperty("residual");
});

test("in random nets every node is in exactly one step, and every value is made before it is read", () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const { graph } = randomNet(seed);
      const known = new Set([graph.input.name]);
      let nodes = 0;
      for (const step of fuse(graph)) {
        for (const { name } of read(step)) expect(known.has(name), name).toBe(true);
        for (const { name } of made(step)) known.add(name);
        nodes += step.op === "fusedNorm" && (step.activation ?? step.residual) ? 2 : 1;
      }
      expect(nodes).toBe(graph.nodes.length);
      for (const { name } of graph.outputs) expect(known.has(name)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
