import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { outputsOf } from "../anchor-subject.js";
import { targetConformance } from "../conformance.js";
import { hasChromium, howToGet, openTabs, type Tabs } from "./chromium.js";
import { tinyModel } from "./tiny-model.js";

const { bytes, dims } = tinyModel();
const data = mkdtempSync(join(tmpdir(), "nestling-browser-"));
process.env["XDG_DATA_HOME"] = data;
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe.skipIf(!hasChromium)(`in a browser${hasChromium ? "" : ` (skipped: ${howToGet})`}`, () => {
  let tabs: Tabs;
  beforeAll(async () => {
    tabs = await openTabs();
  });
  afterEach(() => tabs.clear());
  afterAll(() => tabs.close());
  const common = {
    models: [bytes, bytes] as const,
    dims: dims.slice(1),
    expected: outputsOf(bytes),
    refused: new TextEncoder().encode("no model at all"),
    tolerance: 1e-5,
  };
  targetConformance("browser", { ...common, open: () => tabs.target() });
  targetConformance("browser:provider=webgpu", { ...common, open: () => tabs.target({ provider: "webgpu" }) });

  test("a run that fails is a mistake in what was given", async () => {
    const target = tabs.target();
    const model = await target.load(bytes);
    for (const run of [model.run(new Float32Array(4), [4]), model.time(new Float32Array(4), [4], 1)]) {
      await expect(run).rejects.toMatchObject({ code: "target/run" });
    }
    await target.close();
  });

  test("a page says which nodes its GPU runs, and which fall back to the CPU", async () => {
    const target = tabs.target({ provider: "webgpu" });
    const mixed = tinyModel({ shrinks: true });
    expect(await target.placementOf!(bytes, dims)).toEqual({ webgpu: { nodes: expect.any(Number) as number } });
    expect(await target.placementOf!(mixed.bytes, mixed.dims)).toMatchObject({
      webgpu: { operators: { Conv: 1 } },
      cpu: { nodes: 1, operators: { Shrink: 1 } },
    });
    await target.close();
  });
});
