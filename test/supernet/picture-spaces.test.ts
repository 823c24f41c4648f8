/** The shipped spaces for pictures keep what their names and descriptions say. */
import { expect, test } from "vitest";
import { costOf } from "../../src/graph/analyses.js";
import { nodesOf } from "../../src/graph/graph.js";
import { biggest, countArchitectures, smallest } from "../../src/space/space.js";
import { slice } from "../../src/supernet/slice.js";
import { loadSpace, shippedSpaces } from "../../src/supernet/spaces.js";
import { buildSupernet } from "../../src/supernet/supernet.js";

const names = shippedSpaces.filter((name) => name.startsWith("pictures-"));

test("there are spaces for 32, 64, 96, 160 and 224 pixels", () => {
  expect(names).toEqual([32, 64, 96, 160, 224].map((size) => `pictures-${size}`));
});

test.each(names)("%s: colour, its resolutions, its MACs and its count are those of its description", async (name) => {
  const space = await loadSpace(name);
  const supernet = buildSupernet(space);
  const millionsOf = (architecture: ReturnType<typeof biggest>): string =>
    (costOf(slice(supernet.graph, supernet.settingOf(architecture)), architecture.resolution).macs / 1e6).toFixed(1);
  const { description } = space.data as { description: string };
  const { resolutions } = space;
  expect(space.channels).toBe(3);
  expect(name).toBe(`pictures-${Math.max(...resolutions)}`);
  const between = resolutions.length === 2 ? "and" : "to";
  expect(description).toContain(`at ${Math.min(...resolutions)} ${between} ${Math.max(...resolutions)} pixels`);
  expect(description).toContain(`${millionsOf(smallest(space))} to ${millionsOf(biggest(space))} MMACs`);
  expect(description).toContain(`${Number(countArchitectures(space)).toLocaleString("en")} architectures`);
});

test.each(names)("%s is fit for int8: ReLU and hard-swish only, no gates", async (name) => {
  const { graph } = buildSupernet(await loadSpace(name));
  const kinds = new Set(nodesOf(graph, "activation").map(({ attributes }) => attributes.function));
  for (const kind of kinds) expect(["relu", "hard-swish"]).toContain(kind);
  expect(nodesOf(graph, "multiply")).toEqual([]);
});
