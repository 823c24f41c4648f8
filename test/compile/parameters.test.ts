/** What a certificate says of `parameters`, counted by a stranger: the numbers in the file. */
import { expect, test } from "vitest";
import { onnx } from "../../src/onnx/onnx.js";
import { compiler } from "../../src/compile/compile-child.js";
import { valuesOutOf } from "../../src/graph/graph.js";
import { biggest, smallest } from "../../src/space/space.js";
import { slice } from "../../src/supernet/slice.js";
import { tinyRun } from "../search/tiny-run.js";

test("a file holds as many numbers as the child has parameters, less one for each channel of its batch norms: gamma and beta become one bias", async () => {
  const run = await tinyRun();
  const { supernet } = run;
  for (const architecture of [smallest(supernet.space), biggest(supernet.space)]) {
    const { bytes, parameters } = await compiler(run, { recalibrationImages: 64 }).compile(architecture);
    const { initializer } = onnx.ModelProto.decode(bytes).graph!;
    const held = initializer!.reduce(
      (sum, { dims }) => sum + dims!.reduce<number>((product, size) => product * Number(size), 1),
      0,
    );
    const norms = slice(supernet.graph, supernet.settingOf(architecture)).nodes.filter(({ op }) => op === "batchNorm");
    const channels = norms.reduce((sum, node) => sum + valuesOutOf(node)[0]!.channels, 0);
    expect(norms.length).toBeGreaterThan(3);
    expect(held).toBe(parameters - channels);
  }
});
