import { expect, test } from "vitest";
import { searchCommand } from "../../src/cli/commands/search.js";
import { exportCommand } from "../../src/cli/commands/export.js";
import {
  checkPrecision,
  defaultPrecision,
  precisionNames,
  precisions,
  toleranceOf,
  type PrecisionName,
} from "../../src/compile/precisions.js";
import { certificateSchema } from "../../src/deploy/certificate.js";

test("an unknown precision is refused before the work starts", () => {
  const wrong = (): void => checkPrecision("float8" as PrecisionName);
  expect(wrong).toThrow('the precision is "float8"; want float32 or float16');
});

test("float32's tolerance is the contract's: 1e-4 × (1 + largest logit)", () => {
  expect(toleranceOf("float32", 9)).toBe(1e-4 * 10);
  expect(precisions.float32.steps.map(({ name }) => name)).toContain("recalibration");
});

test("the flag and the certificate have the names of the table", () => {
  for (const command of [exportCommand(), searchCommand()]) {
    const flag = command.options.find(({ long }) => long === "--precision");
    expect([flag?.argChoices, flag?.defaultValue]).toEqual([precisionNames, defaultPrecision]);
  }
  expect(certificateSchema.shape.precision.options).toEqual(precisionNames);
});
