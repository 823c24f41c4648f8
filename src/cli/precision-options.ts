/** --precision and --int8-for, of commands that compile children. */
import { InvalidArgumentError, Option } from "commander";
import { UserError } from "../base/user-error.js";
import { positivePoints } from "./options.js";
import { defaultLayout, layoutNames, type LayoutName } from "../compile/layouts.js";
import {
  defaultPrecision,
  int8For,
  isInt8,
  int8LayoutOf,
  precisionNames,
  precisionsOf,
  type PrecisionName,
} from "../compile/precisions.js";
import { int8ForTarget, overflowOn } from "../deploy/choose-layout.js";
import { environmentHere } from "../target/environment.js";
import type { Target } from "../target/target.js";

const kinds = [...precisionNames.filter((name) => !isInt8(name)), "int8"];

export interface PrecisionFlags {
  readonly maxLoss?: number;
  readonly precision: string;
  readonly int8For?: LayoutName;
}

export const precisionOption = (): Option =>
  new Option("--precision <name>", "what weights and activations are held in (docs/precisions.md)")
    .choices(kinds)
    .default(defaultPrecision);

/** The same, of a search: several, between which it chooses. */
export const precisionsOption = (): Option =>
  new Option(
    "--precision <names>",
    "what weights and activations are held in; of several, such as float32,int8, the search chooses (docs/precisions.md)",
  )
    .argParser((text) => {
      const names = text.split(",");
      const unknown = names.find((name) => !kinds.includes(name));
      if (unknown !== undefined)
        throw new InvalidArgumentError(`Want ${kinds.join(", ")}, or several with commas between.`);
      return text;
    })
    .default(defaultPrecision);

export const int8ForOption = (): Option =>
  new Option(
    "--int8-for <processor>",
    `where an int8 file runs: by default what --target has, ${defaultLayout} without one`,
  ).choices(layoutNames);

/** The layout of int8 files, and why. */
export interface LayoutChoice {
  readonly int8For: LayoutName;
  readonly layoutWhy: string;
}

/**
 * As --int8-for says; else by what a target says of itself, where one was named; else what is right on every x64 processor. Nothing where no file
 * is int8.
 */
export async function layoutFor(
  { precision, int8For }: PrecisionFlags,
  named: Target | undefined,
): Promise<Partial<LayoutChoice>> {
  if (!precision.split(",").includes("int8")) return {};
  if (int8For !== undefined) return { int8For, layoutWhy: "it was asked for" };
  if (!named) return { int8For: defaultLayout, layoutWhy: "no target was named; it is right on every x64 processor" };
  const chosen = int8ForTarget(named.name, await named.environment());
  return { int8For: int8LayoutOf(chosen.precision).name, layoutWhy: chosen.why };
}

/** What people should know where an int8 file is judged on this machine. */
export function notesOn(layout: LayoutName | undefined): string[] {
  const overflow = layout && overflowOn(environmentHere(), int8For(layout));
  return overflow === undefined ? [] : [overflow];
}

export const maxLossOption = (): Option =>
  new Option(
    "--max-loss <points>",
    "points of accuracy that int8 may lose: layers that do harm stay in float32 until it does (docs/precisions.md)",
  ).argParser(positivePoints);

/** The precisions that --precision of a search names. @throws UserError `compile/precision` as `precisionOf` */
export const precisionsFrom = ({ precision, ...flags }: PrecisionFlags): readonly PrecisionName[] => {
  const names = precision.split(",");
  // A processor is for int8 alone, which is one of them or the one.
  const forInt8 = names.includes("int8") ? "int8" : precision;
  precisionOf({ ...flags, precision: forInt8 });
  return precisionsOf(names.map((name) => precisionOf({ precision: name, ...(name === "int8" && flags) })));
};

/** @throws UserError `compile/precision` where a processor is given and no int8 */
export function precisionOf({ precision, int8For: layout }: PrecisionFlags): PrecisionName {
  if (precision !== "int8" && layout !== undefined) {
    throw new UserError("compile/precision", {
      at: "--int8-for",
      got: `given with --precision ${precision}`,
      want: "--precision int8",
      fix: "Other precisions are the same for all processors.",
    });
  }
  const wanted = precision === "int8" ? int8For(layout ?? defaultLayout) : precision;
  return precisionNames.find((name) => name === wanted)!;
}
