/** What a training says before its first step. */
import { expect, test } from "vitest";
import { images, temporaryFolder, trainTiny } from "./tiny.js";

test("too few validation images for a search are said before the training, not after it", async () => {
  const notes: string[] = [];
  const onNote = (line: string): unknown => notes.push(line);
  const data = { ...images, validation: Uint32Array.from({ length: 12 }, (_, i) => i) };
  await trainTiny({ out: await temporaryFolder(), data, steps: 1, onNote });
  expect(notes).toEqual(["12 validation images: search needs 30, export needs none."]);
  await trainTiny({ out: await temporaryFolder(), steps: 1, onNote });
  expect(notes).toHaveLength(1);
});
