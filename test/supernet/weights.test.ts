import { expect, test } from "vitest";
import { layoutOf, viewsOf } from "../../src/graph/layout.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { buildSupernet } from "../../src/supernet/supernet.js";
import { seededWeights, storedWeights, type NamedArray } from "../../src/supernet/weights.js";

const layout = layoutOf(buildSupernet(await loadSpace("fixtures/spaces/tiny.json")).graph);
const seeded = await seededWeights(3, 0)(layout);
const named = new Map(
  [...viewsOf(layout, seeded)].map(([name, data]): [string, NamedArray] => [
    name,
    { shape: layout.slots.get(name)!.shape, data },
  ]),
);
const from = (arrays: ReadonlyMap<string, NamedArray>) => storedWeights(() => Promise.resolve(arrays), "file")(layout);

test("named arrays in any order give the same flat array as the seed", async () => {
  expect(await from(new Map([...named].toReversed()))).toEqual(seeded);
});

test("a transposed weight of the same length is refused", async () => {
  const { shape, data } = named.get("classifier.weight")!;
  const transposed = new Map([...named, ["classifier.weight", { shape: shape.toReversed(), data }]]);
  const [rows, columns] = shape;
  await expect(from(transposed)).rejects.toMatchObject({
    code: "supernet/weights",
    problems: [{ at: "file: classifier.weight", got: `[${columns}, ${rows}]`, want: `[${rows}, ${columns}]` }],
  });
});

test("all missing and unknown arrays are named at once", async () => {
  const changed = new Map(named);
  changed.delete("classifier.bias");
  changed.set("head.extra", { shape: [1], data: Float32Array.of(1) });
  await expect(from(changed)).rejects.toMatchObject({
    problems: [
      { at: "file: classifier.bias", got: "missing" },
      { at: "file: head.extra", got: "[1]", want: "no such weight" },
    ],
  });
});
