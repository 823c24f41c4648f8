import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createClient } from "../../../src/engine/pjrt/client/client.js";
import { stableWriter } from "../../../src/engine/pjrt/stablehlo/writer.js";
import type { StableProgram } from "../../../src/engine/pjrt/stablehlo/program.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { plugins } from "./plugins.js";

/** x · factor */
function scaling(factor: number): StableProgram {
  const w = stableWriter();
  const x = w.input("f32", [2]);
  return w.program("scaling", [w.multiply(x, factor)]);
}

describe.each(plugins)("$name", ({ path, missing }) => {
  afterEach(() => vi.unstubAllEnvs());

  /** What a program makes of 1, by a client of its own. */
  function madeOf(program: StableProgram): number {
    const client = createClient(path);
    const [output] = client.compile(program).run([client.upload(Float32Array.of(1, 1), [2])]);
    const [value] = output!.read();
    client.dispose();
    return value!;
  }

  test.skipIf(missing)(
    "a program is compiled once and then taken from the disk, unless its file is damaged",
    async () => {
      const cache = await temporaryFolder();
      vi.stubEnv("XDG_CACHE_HOME", cache);
      const files = (): string[] => {
        const folder = join(cache, "nestling/pjrt-programs");
        return readdirSync(folder).map((name) => join(folder, name));
      };
      expect(madeOf(scaling(2))).toBe(2);
      const [first] = files();
      expect(madeOf(scaling(3))).toBe(3);
      const [second] = files().filter((file) => file !== first);
      expect(files()).toHaveLength(2);
      // In the place of another program, a file shows that it is read.
      const compiled = readFileSync(first!);
      writeFileSync(first!, readFileSync(second!));
      expect(madeOf(scaling(2))).toBe(3);
      writeFileSync(first!, compiled.fill(0, compiled.length - 8));
      expect(madeOf(scaling(2))).toBe(2);
      expect(files()).toHaveLength(2);
    },
  );
});
