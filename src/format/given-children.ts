/** The children that are to be deployed, by where they were found: a file that was named, or a run of which all are meant. */
import { UserError } from "../base/user-error.js";
import type { PrecisionName } from "../compile/precisions.js";
import type { ShippedChild } from "./format.js";
import type { FormatName } from "./formats.js";
import { readShipped } from "./shipped-child.js";
import { childPaths } from "./shipped-children.js";

/** A child that a format leaves out. */
export interface LeftOut {
  readonly format: FormatName;
  /** The child's file, without `.onnx`. */
  readonly name: string;
  readonly precision: PrecisionName;
}

/** A child, and the run that it is of where all of a run is meant. */
interface Given {
  readonly file: ShippedChild;
  readonly run: string | undefined;
}

/** @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where file and certificate don't belong together */
export async function readPlaces(places: readonly string[]): Promise<Given[]> {
  const given: Given[] = [];
  for (const place of places) {
    for (const path of await childPaths(place)) {
      given.push({ file: await readShipped(path), run: path === place ? undefined : place });
    }
  }
  return given;
}

const isFloat32 = ({ file }: Given): boolean => file.certificate.precision === "float32";

/**
 * Children in float32, for a format that takes no others. Whoever names a file wants it, so that another precision is refused; a run's are left out.
 * @param leftOut gets those of a run in other precisions
 * @throws UserError `format/precision` for a file that was named, or a run that has none in float32
 */
export function float32Of(given: readonly Given[], format: FormatName, leftOut: LeftOut[]): ShippedChild[] {
  const kept = given.filter(isFloat32);
  for (const one of given) {
    if (isFloat32(one)) continue;
    const { file, run } = one;
    const { precision } = file.certificate;
    const want = `one in float32 for the format ${format}`;
    if (run === undefined) {
      const fix = "Export it with --precision float32, or leave the format out.";
      throw new UserError("format/precision", { at: `${file.name}.onnx`, got: `a child in ${precision}`, want, fix });
    }
    if (!kept.some((other) => other.run === run)) {
      const fix = "Export a child with --precision float32, or leave the format out.";
      throw new UserError("format/precision", { at: run, got: "a run with no child in float32", want, fix });
    }
    leftOut.push({ format, name: file.name, precision });
  }
  return kept.map(({ file }) => file);
}
