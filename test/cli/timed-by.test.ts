/** Whose latency `export` prints. */
import { expect, test } from "vitest";
import type { LayoutName } from "../../src/compile/layouts.js";
import { timedBy } from "../../src/cli/timed-by.js";
import type { Environment } from "../../src/target/environment.js";
import { environmentHere } from "../../src/target/environment.js";

const x64: Environment = {
  ...environmentHere(),
  ...{ cpu: "AMD EPYC", os: "linux 6.1.0 x64", onnxruntime: "1.30.0", cpuFlags: ["avx2"] },
};
const vnni: Environment = { ...x64, cpuFlags: ["avx2", "avx512_vnni"] };
const of = (where: Environment, name?: LayoutName, target = "local"): readonly string[] =>
  timedBy(
    {
      target,
      quantization: name && {
        ...{ layout: { name, why: "it was asked for" }, ranges: [] },
        ...{ quantized: {}, float: {}, moved: {}, unfused: 0 },
      },
    },
    where,
  );

test("the runtime, the target and its processor are named", () => {
  expect(of(x64)).toEqual(["by onnxruntime 1.30.0 (cpu), 1 thread, batch 1, on local, AMD EPYC"]);
  const program: Environment = { ...x64, onnxruntime: "unknown", executionProvider: "TensorRT", threads: 0 };
  expect(of(program, undefined, "jetson")).toEqual(["by TensorRT, batch 1, on jetson, AMD EPYC"]);
  expect(of(program, "tensorrt", "jetson")).toHaveLength(1);
});

test("a file that is laid out for another runtime or processor than it was timed on says so", () => {
  const layouts = ["x64", "x64-vnni", "arm", "tensorrt", "openvino", "web"] as const;
  const warned = (where: Environment): string[] => layouts.filter((name) => of(where, name).length > 1);
  expect(warned(x64)).toEqual(["x64-vnni", "arm", "tensorrt", "openvino", "web"]);
  expect(warned(vnni)).toEqual(["arm", "tensorrt", "openvino", "web"]);
  expect(of(vnni, "tensorrt")[1]).toBe(
    "NOT TIMED WHERE IT RUNS: the file is laid out for tensorrt, and local has avx512_vnni. --target names its device",
  );
});
