import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("spaces, slices, masks, files, training and search are to the bit what fixtures/golden/replay.json keeps", () => {
  const { stdout } = spawnSync(process.execPath, ["scripts/replay.mjs", "--fast"], { encoding: "utf8" });
  expect(stdout).toContain("Replay: nothing has changed.");
});
