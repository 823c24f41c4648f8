import "./quick-compile.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient, type PjrtClient } from "../../../src/engine/pjrt/client/client.js";
import { HELD_NUMBERS, heldImages, heldNumbers } from "../../../src/engine/pjrt/lowering/held.js";
import { stableWriter } from "../../../src/engine/pjrt/stablehlo/writer.js";
import { heldCases, type HeldCase } from "../held-pictures.js";
import { plugins } from "./plugins.js";

/** [taken, size, size, channels] */
function takenOn(client: PjrtClient, { size, channels, set, taken }: HeldCase): Float32Array {
  const shape = [set.length / (size * size * channels), size, size, channels];
  const w = stableWriter();
  const held = w.input("ui8", shape);
  const numbers = w.input("i32", [taken.length, HELD_NUMBERS]);
  const columns = Array.from({ length: HELD_NUMBERS }, (_, i) => w.slice(numbers, [0, i], [taken.length, i + 1]));
  const executable = client.compile(w.program("held", [heldImages(w, held, columns)]));
  const given = Int32Array.from(taken.flatMap((picture) => heldNumbers(picture, size)));
  const inputs = [client.upload(set, shape), client.upload(given, [taken.length, HELD_NUMBERS])];
  const [output] = executable.run(inputs);
  const images = output!.read();
  for (const buffer of [...inputs, output!]) buffer.dispose();
  executable.dispose();
  return images;
}

describe.each(plugins)("$name", ({ path, missing }) => {
  let client: PjrtClient | undefined;
  beforeAll(() => {
    if (!missing) client = createClient(path);
  });
  afterAll(() => client?.dispose());

  test.skipIf(missing).each(heldCases)("what is taken is to the byte what the host makes: $title", (given) => {
    expect(Uint8Array.from(takenOn(client!, given))).toEqual(given.wanted);
  });
});
