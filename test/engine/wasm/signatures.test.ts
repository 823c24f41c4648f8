import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadKernels } from "../../../src/engine/wasm/kernels.js";
import { kernelSignatures } from "../../../src/engine/wasm/signatures.js";

test("the committed signatures match the AssemblyScript (npm run build updates them)", () => {
  const script =
    'import { signatures } from "./scripts/kernel-signatures.mjs"; process.stdout.write(await signatures());';
  const text = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(readFileSync("src/engine/wasm/signatures.ts", "utf8")).toBe(text);
});

test("the module exports these kernels, each with the listed number of parameters", () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  const exported = Object.entries(loadKernels("simd", memory)).filter(([, value]) => typeof value === "function");
  const counts = Object.entries(kernelSignatures).map(([name, parameters]) => [name, Object.keys(parameters).length]);
  expect(Object.fromEntries(exported.map(([name, kernel]) => [name, kernel.length]))).toEqual(
    Object.fromEntries(counts),
  );
});
