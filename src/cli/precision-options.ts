/** --precision and --int8-for, of commands that compile children. */
import { InvalidArgumentError, Option } from "commander";
import { UserError } from "../base/user-error.js";
import { positivePoints } from "./options.js";
import { defaultPrecision, precisionNames, precisionsOf, type PrecisionName } from "../compile/precisions.js";

const INT8 = "int8-";
/** Where an int8 file runs: the rows of the table whose names begin with int8. */
const layouts = precisionNames.filter((name) => name.startsWith(INT8)).map((name) => name.slice(INT8.length));
const kinds = [...precisionNames.filter((name) => !name.startsWith(INT8)), "int8"];
/** Right on every x64 processor. */
const DEFAULT_LAYOUT = "x64";

export interface PrecisionFlags {
  readonly maxLoss?: number;
  readonly precision: string;
  readonly int8For?: string;
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
  new Option("--int8-for <processor>", `where an int8 file runs: ${DEFAULT_LAYOUT} unless given`).choices(layouts);

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
export function precisionOf({ precision, int8For }: PrecisionFlags): PrecisionName {
  if (precision !== "int8" && int8For !== undefined) {
    throw new UserError("compile/precision", {
      at: "--int8-for",
      got: `given with --precision ${precision}`,
      want: "--precision int8",
      fix: "Other precisions are the same for all processors.",
    });
  }
  const wanted = precision === "int8" ? `${INT8}${int8For ?? DEFAULT_LAYOUT}` : precision;
  return precisionNames.find((name) => name === wanted)!;
}
