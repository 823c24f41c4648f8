/** The children that are to be deployed, by where they were found: a file that was named, or a run of which all are meant. */
import { join } from "node:path";
import { readDocumentIfAny } from "../base/document.js";
import { UserError } from "../base/user-error.js";
import type { PrecisionName } from "../compile/precisions.js";
import { wasChosen } from "../deploy/was-chosen.js";
import { searchFile, type SearchResult } from "../search/search-file.js";
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
export interface Given {
  readonly file: ShippedChild;
  readonly run: string | undefined;
  /** Whether it lies in a run whose last search didn't choose it. */
  readonly isEarlier: boolean;
}

/** @throws UserError `deploy/missing`, `deploy/certificate` where there is no child, `format/child` where file and certificate don't belong together */
export async function readPlaces(places: readonly string[]): Promise<Given[]> {
  const given: Given[] = [];
  for (const place of places) {
    const paths = await childPaths(place);
    const search = await lastSearch(place);
    for (const path of paths) {
      const file = await readShipped(path);
      const isOfRun = path !== place;
      const isEarlier = isOfRun && !wasChosen(search, file.certificate);
      given.push({ file, run: isOfRun ? place : undefined, isEarlier });
    }
  }
  return given;
}

/** Undefined where there is none that can be read: a child's own files are all that is needed. */
const lastSearch = (run: string): Promise<SearchResult | undefined> =>
  readDocumentIfAny(join(run, "search.json"), searchFile).catch(() => undefined);

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
