/** Checks MACs and parameters against the published models; fixtures hold the published figures. */
import { expect, test } from "vitest";
import { costOf } from "../../src/graph/analyses.js";
import { loadSpace, parseSpace } from "../../src/supernet/spaces.js";
import type { Architecture } from "../../src/space/space.js";
import { biggest, smallest, type SearchSpace } from "../../src/space/space.js";
import { convnetOf } from "../space/convnet.js";
import ofaData from "../../src/space/shipped/ofa-mbv3.json" with { type: "json" };
import { slice } from "../../src/supernet/slice.js";
import { buildSupernet } from "../../src/supernet/supernet.js";
import attentivenas from "../../fixtures/published/attentivenas.json" with { type: "json" };
import onceForAll from "../../fixtures/published/once-for-all.json" with { type: "json" };

function cost(space: SearchSpace, architecture: Architecture) {
  const { graph, ...supernet } = buildSupernet(space);
  return costOf(slice(graph, supernet.settingOf(architecture)), architecture.resolution);
}

test.each(Object.entries(attentivenas))("attentivenas %s has the published MACs and parameters", async (_, model) => {
  const space = await loadSpace("attentivenas");
  const { stages } = convnetOf(space);
  const [stem, ...rest] = model.width;
  const architecture: Architecture = {
    resolution: model.resolution,
    stem: stem!,
    stages: stages.map((_stage, i) => ({
      width: rest[i]!,
      depth: model.depth[i]!,
      kernels: Array<number>(model.depth[i]!).fill(model.kernel_size[i]!),
      expands: Array<number>(model.depth[i]!).fill(model.expand_ratio[i]!),
    })),
    mix: rest[stages.length]!,
  };
  const { macs, parameters } = cost(space, architecture);
  expect(macs).toBe(model.macs);
  expect(parameters).toBe(model.parameters);
  if (model.published !== null) expect(Math.round(macs / 1e6)).toBe(model.published);
});

test("attentivenas: the smallest and biggest child are the published minimum and maximum", async () => {
  const space = await loadSpace("attentivenas");
  expect(cost(space, smallest(space))).toMatchObject({ macs: 203389568, parameters: 8954184 });
  expect(cost(space, biggest(space))).toMatchObject({ macs: 1939335808, parameters: 23404080 });
});

test("bignas: the smallest and biggest child have the reference counter's MACs and parameters", async () => {
  const space = await loadSpace("bignas");
  expect((cost(space, smallest(space)).macs / 1e6).toFixed(2)).toBe("217.63");
  expect((cost(space, smallest(space)).parameters / 1e6).toFixed(2)).toBe("3.84");
  expect((cost(space, biggest(space)).macs / 1e6).toFixed(1)).toBe("1891.5");
  expect((cost(space, biggest(space)).parameters / 1e6).toFixed(2)).toBe("11.02");
});

test("EfficientNet-B0, written as a space, has 5,288,548 parameters and 385.8 MMACs", async () => {
  const space = await loadSpace("fixtures/spaces/efficientnet-b0.json");
  const { macs, parameters } = cost(space, biggest(space));
  expect(parameters).toBe(5288548);
  expect((macs / 1e6).toFixed(1)).toBe("385.8");
});

/**
 * once-for-all at its published width: 1.0 as shipped, 1.2 with wider stages. Not all image sizes are multiples of
 * four.
 */
function ofaSpace(wide: boolean): SearchSpace {
  const widths = wide ? [24, 32, 48, 96, 136, 192] : [16, 24, 40, 80, 112, 160];
  return parseSpace(
    {
      ...ofaData,
      resolutions: Array.from({ length: 120 }, (_, i) => 128 + i),
      stem: { ...ofaData.stem, width: [widths[0]] },
      stages: ofaData.stages.map((stage, i) => ({ ...stage, width: [widths[i]] })),
      head: { ...ofaData.head, width: [wide ? 1152 : 960], mix: { ...ofaData.head.mix, width: [wide ? 1536 : 1280] } },
    },
    "ofa",
  );
}

test.each(onceForAll)("once-for-all $id has the published MACs and parameters", (model) => {
  const space = ofaSpace(model.stem === 24);
  const { head } = convnetOf(space);
  const architecture: Architecture = {
    resolution: model.resolution,
    stem: model.stem,
    stages: model.stages.map((stage) => ({ ...stage, depth: stage.kernels.length })),
    ...(Array.isArray(head.width) && { head: head.width[0]! }),
    mix: head.mix!.width[0]!,
  };
  const { macs, parameters } = cost(space, architecture);
  expect(macs).toBe(model.macs);
  expect(parameters).toBe(model.parameters);
});
