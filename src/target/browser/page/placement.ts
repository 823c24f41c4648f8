/** Where onnxruntime-web places a model's nodes: it says so when a session is made, to who asks for all that it has to say. */
import type { Placement } from "../../placement.js";
import { linesOf } from "./console-lines.js";
import type { Where } from "./model.js";
import { placementIn } from "./placement-lines.js";

const VERBOSE = 0;

/** @returns null where it said nothing of it */
export async function placementOn({ ort, provider }: Where, bytes: Uint8Array): Promise<Placement | null> {
  const lines = await linesOf(async () => {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      logSeverityLevel: VERBOSE,
    });
    await session.release();
  });
  return placementIn(lines);
}
