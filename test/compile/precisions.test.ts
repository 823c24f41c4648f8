import { expect, test } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.js";
import { defaultPrecision, precisionNames, precisions, toleranceOf } from "../../src/compile/precisions.js";
import { certificateSchema } from "../../src/deploy/certificate.js";

test("float32's tolerance is the contract's: 1e-4 × (1 + largest logit)", () => {
  expect(toleranceOf("float32", 9)).toBe(1e-4 * 10);
  expect(precisions.float32.steps.map(({ name }) => name)).toContain("recalibration");
});

test("the flag and the certificate have the names of the table", () => {
  const flag = exportCommand().options.find(({ long }) => long === "--precision");
  expect([flag?.argChoices, flag?.defaultValue]).toEqual([precisionNames, defaultPrecision]);
  expect(certificateSchema.shape.precision.options).toEqual(precisionNames);
});
