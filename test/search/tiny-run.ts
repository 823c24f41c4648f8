/** A tiny supernet trained for a few steps on real images, opened as search and deployment take it; its folder goes when the file is done. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openRun, type Run } from "../../src/run/run.js";
import { copyOfMadeOnce } from "../made-once.js";
import { trainTiny } from "../train/tiny.js";

export async function tinyRun(steps = 80, seed = 7): Promise<Run> {
  const out = await mkdtemp(join(tmpdir(), "nestling-run-"));
  afterAll(() => rm(out, { recursive: true, force: true }));
  await copyOfMadeOnce(`tiny-run-${steps}-${seed}`, out, async (folder) => {
    await trainTiny({ out: folder, steps, seed });
  });
  return openRun(out);
}
