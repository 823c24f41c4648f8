import { describe, expect, test } from "vitest";
import { localTarget } from "../../src/target/local.js";
import { describePlacement, placementOf } from "../../src/target/placement.js";
import { placementIn } from "../../src/target/browser/page/placement-lines.js";
import { findAdapter, howToGet } from "../engine/tensorflow/webgpu/adapter.js";
import { agentHere, targetOf } from "./agent/agents.js";
import { tinyModel } from "./browser/tiny-model.js";

const conv = ["WebGpuExecutionProvider", "Conv"] as const;
const shrink = ["CPUExecutionProvider", "Shrink"] as const;

test("nodes are counted by provider and operator, and said in a sentence", () => {
  const all = placementOf([conv, conv]);
  expect(all).toEqual({ webgpu: { nodes: 2, operators: { Conv: 2 } } });
  expect(describePlacement(all, "webgpu")).toBe("all 2 nodes on webgpu");
  const some = placementOf([conv, shrink, conv, shrink]);
  expect(describePlacement(some, "webgpu")).toBe("2 of 4 nodes on webgpu; on cpu 2 (2 Shrink)");
  expect(describePlacement({ cpu: { nodes: 3 } }, "webgpu")).toBe("0 of 3 nodes on webgpu; on cpu 3");
});

test("what onnxruntime-web says of one provider, and of several", () => {
  const say = (text: string): string => `[V:onnxruntime:,session_state.cc:1263 VerifyEachNodeIsAssignedToAnEp] ${text}`;
  expect(placementIn([say("Node placements"), say(" All nodes placed on [X]. Number of nodes: 14")])).toEqual({
    x: { nodes: 14 },
  });
  const several = [
    say(" Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1"),
    say("  Shrink (shrink)"),
    say(" Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 2"),
    say("  Conv (stem/Conv_token_1)"),
    say("  Conv ()"),
  ];
  expect(placementIn(several)).toEqual(placementOf([shrink, conv, conv]));
  expect(placementIn(["something else"])).toBeNull();
});

test("where the CPU is asked for, nothing can fall back, and nothing is said", async () => {
  const { bytes, dims } = tinyModel();
  const target = localTarget({ profiles: false });
  expect(await target.placementOf!(bytes, dims)).toBeUndefined();
  await target.close();
});

const adapter = await findAdapter();
const isThere = adapter.state === "present";
describe.skipIf(!isThere)(`onnxruntime's WebGPU${isThere ? "" : ` (skipped: ${howToGet})`}`, () => {
  const targets = {
    "on this machine": async () => localTarget({ provider: "webgpu", profiles: false }),
    "on an agent": async () => targetOf(await agentHere(), { provider: "webgpu" }),
  };
  for (const [where, open] of Object.entries(targets)) {
    test(`${where}: a convolution runs on it, and what it can't run falls back to the CPU`, async () => {
      const target = await open();
      const own = tinyModel();
      const placed = (await target.placementOf!(own.bytes, own.dims))!;
      expect(Object.keys(placed)).toEqual(["webgpu"]);
      expect(placed["webgpu"]!.operators).toMatchObject({ Conv: 1 });
      const mixed = tinyModel({ shrinks: true });
      expect(await target.placementOf!(mixed.bytes, mixed.dims)).toMatchObject({
        webgpu: { operators: { Conv: 1 } },
        cpu: { operators: { Shrink: 1 } },
      });
      await target.close();
    });
  }
});
