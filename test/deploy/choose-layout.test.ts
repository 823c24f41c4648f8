import { expect, test } from "vitest";
import { int8ForTarget, overflowOn } from "../../src/deploy/choose-layout.js";
import { environmentHere, type Environment } from "../../src/target/environment.js";

const here: Environment = {
  ...environmentHere(),
  cpuFlags: ["avx2", "fma"],
  os: "linux 6.1.0 x64",
  executionProvider: "cpu",
};
const browser = { name: "Chrome 156", isolated: true, clockMs: 0.005 };

test.each<[string, Partial<Environment>, string, string]>([
  ["a server with VNNI", { cpuFlags: ["avx2", "avx512f", "avx512_vnni"] }, "int8-x64-vnni", "has avx512_vnni"],
  ["a laptop with VNNI", { cpuFlags: ["avx2", "avx_vnni"] }, "int8-x64-vnni", "has avx_vnni"],
  ["an x64 without", {}, "int8-x64", "has no VNNI"],
  ["a Raspberry Pi", { cpuFlags: ["asimd", "asimddp"], os: "linux 6.6 arm64" }, "int8-arm", "has asimd"],
  ["a Mac, which has no flags", { cpuFlags: [], os: "darwin 24.1 arm64" }, "int8-arm", "is an arm64"],
  [
    "a PC with Windows, which has none",
    { cpuFlags: [], os: "win32 10 x64" },
    "int8-x64",
    "doesn't say whether it has VNNI",
  ],
  ["a browser, whatever it runs on", { browser, cpuFlags: [] }, "int8-web", "is a browser"],
  ["a Jetson", { executionProvider: "tensorrt", cpuFlags: ["asimd"] }, "int8-tensorrt", "runs on tensorrt"],
  ["OpenVINO", { executionProvider: "openvino", cpuFlags: ["avx512_vnni"] }, "int8-openvino", "runs on openvino"],
])("%s", (_, environment, precision, why) => {
  expect(int8ForTarget("it", { ...here, ...environment })).toEqual({ precision, why: `it ${why}` });
});

test.each<[string, Partial<Environment>, boolean]>([
  ["an x64 that has none", {}, true],
  ["an x64 that has it", { cpuFlags: ["avx2", "avx_vnni"] }, false],
  ["a Raspberry Pi", { cpuFlags: ["asimd"] }, false],
  ["a PC that says nothing", { cpuFlags: [] }, false],
])("whether sums of 8 bits overflow for want of VNNI on %s", (_, environment, overflows) => {
  const on = { ...here, ...environment };
  const wide = (["int8-x64-vnni", "int8-arm", "int8-tensorrt", "int8-web"] as const).map((name) =>
    overflowOn(on, name),
  );
  for (const said of wide) expect(said !== undefined).toBe(overflows);
  if (overflows) expect(wide[0]).toMatch(/^This processor has no VNNI, so that sums of int8-x64-vnni overflow here/);
  for (const name of ["int8-x64", "int8-openvino", "float16"] as const) expect(overflowOn(on, name)).toBeUndefined();
});
