import type { Command } from "commander";
import { expect, test } from "vitest";
import { searchCommand } from "../../src/cli/commands/search.js";
import { exportCommand } from "../../src/cli/commands/export.js";
import {
  checkPrecision,
  defaultPrecision,
  oldestOpsetOf,
  precisionNames,
  precisions,
  toleranceOf,
  type PrecisionName,
} from "../../src/compile/precisions.js";
import { checkOpset } from "../../src/compile/opsets.js";
import { layoutFor, precisionOf, precisionsFrom } from "../../src/cli/precision-options.js";
import { layoutNames } from "../../src/compile/layouts.js";
import { mockTarget } from "../../src/target/mock.js";
import { certificateSchema } from "../../src/deploy/certificate.js";

test("an unknown precision is refused before the work starts", () => {
  const wrong = (): void => checkPrecision("float8" as PrecisionName);
  expect(wrong).toThrow(
    'the precision is "float8"; want float32 or float16 or int8-x64 or int8-x64-vnni or int8-arm or int8-tensorrt or int8-openvino or int8-web',
  );
});

test("an opset from before a precision's operators is refused", () => {
  expect(() => checkOpset(12, oldestOpsetOf("int8-x64"))).toThrow("the opset is 12; want one from 13 to 26");
  expect(() => checkOpset(12, oldestOpsetOf("float16"))).not.toThrow();
});

test("float32's tolerance is the contract's: 1e-4 × (1 + largest logit)", () => {
  expect(toleranceOf("float32", 9)).toBe(1e-4 * 10);
  expect(precisions.float32.steps.map(({ name }) => name)).toContain("recalibration");
});

test("the flags name each row of the table, and the certificate has their names", () => {
  const flagOf = (command: Command, name: string) => command.options.find(({ long }) => long === name)!;
  const [plain, int8] = [flagOf(exportCommand(), "--precision"), flagOf(exportCommand(), "--int8-for")];
  expect([plain.defaultValue, flagOf(searchCommand(), "--precision").defaultValue]).toEqual(
    Array(2).fill(defaultPrecision),
  );
  const named = plain.argChoices!.flatMap((precision) =>
    precision === "int8"
      ? layoutNames.map((int8For) => precisionOf({ precision, int8For }))
      : precisionOf({ precision }),
  );
  expect(named).toEqual(precisionNames);
  expect(int8.argChoices).toEqual(layoutNames);
  expect(precisionsFrom({ precision: "int8,float32", int8For: "x64-vnni" })).toEqual(["float32", "int8-x64-vnni"]);
  expect(precisionsFrom({ precision: "float16" })).toEqual(["float16"]);
  expect(() => precisionsFrom({ precision: "float32,float16", int8For: "x64" })).toThrow(
    "--int8-for is given with --precision float32,float16; want --precision int8",
  );
  expect(precisionOf({ precision: "int8" })).toBe("int8-x64");
  expect(() => precisionOf({ precision: "float16", int8For: "x64" })).toThrow(
    "--int8-for is given with --precision float16; want --precision int8",
  );
  expect(certificateSchema.shape.precision.options).toEqual(precisionNames);
});

test("the layout of an int8 file is the one asked for, else what the named target says of itself, else x64", async () => {
  const pi = mockTarget({ name: "pi", msOf: () => 1 });
  const arm = { ...pi, environment: async () => ({ ...(await pi.environment()), cpuFlags: ["asimddp"] }) };
  expect(await layoutFor({ precision: "float32,int8" }, arm)).toEqual({ int8For: "arm", layoutWhy: "pi has asimddp" });
  expect(await layoutFor({ precision: "int8", int8For: "web" }, arm)).toEqual({
    int8For: "web",
    layoutWhy: "it was asked for",
  });
  expect(await layoutFor({ precision: "int8" }, undefined)).toMatchObject({ int8For: "x64" });
  expect(await layoutFor({ precision: "float16" }, arm)).toEqual({});
});
