import { expect, test } from "vitest";
import { layoutOf } from "../../src/graph/layout.js";
import { initialize, initializeInPieces } from "../../src/supernet/initialize.js";
import { loadSpace } from "../../src/supernet/spaces.js";
import { buildSupernet } from "../../src/supernet/supernet.js";
import { turnsDuring } from "../turns.js";

test("weights that are drawn in pieces are the same, and others have their turn", async () => {
  const layout = layoutOf(buildSupernet(await loadSpace("fashion")).graph);
  let weights: Float32Array | undefined;
  const turns = await turnsDuring(async () => (weights = await initializeInPieces(layout, 3, 0)));
  expect(weights).toEqual(initialize(layout, 3, 0));
  expect(weights).not.toEqual(initialize(layout, 4, 0));
  expect(turns).toBeGreaterThanOrEqual(Math.floor(layout.length / 2 ** 14));
});
