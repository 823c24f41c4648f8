import { expect, test } from "vitest";
import { doctor } from "../../src/doctor/doctor.js";
import { engines } from "../../src/engine/choose.js";

test("every engine is looked at; what is missing says how to get it", { timeout: 120_000 }, async () => {
  const findings = await doctor();
  for (const { name, install } of engines) {
    const found = findings.find((finding) => finding.name === `engine ${name}`);
    expect(found, name).toBeDefined();
    if (found!.detail.startsWith("to install it")) expect(found!.detail).toContain(install);
  }
  expect(findings.find(({ name }) => name === "engine wasm")).toMatchObject({ state: "present" });
  expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(["Node", "cores", "onnxruntime"]));
});
