/** Which files are deployed together: all of a run, those of one child in several precisions. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfJson } from "../base/hash.js";
import { UserError } from "../base/user-error.js";
import type { PrecisionName } from "../compile/precisions.js";
import type { ShippedChild } from "./format.js";

/**
 * The files that are meant: a file itself, or all that a run's search exported.
 * @throws UserError `deploy/missing` where a folder has no such files
 */
export async function childPaths(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const folder = join(path, "children");
  const names = await readdir(folder).catch(() => []);
  const paths = names
    .filter((name) => name.endsWith(".onnx"))
    .sort()
    .map((name) => join(folder, name));
  if (paths.length > 0) return paths;
  const want = "an .onnx file, or a run whose search exported children";
  const fix = `Search it with \`nestling search ${path}\`, or name a file that \`nestling export\` wrote.`;
  throw new UserError("deploy/missing", { at: path, got: "no children/*.onnx in it", want, fix });
}

/**
 * Children with their files in other precisions: all else of their provenance is the same, and their names but for the precision, as a search
 * names them (two of its budgets may choose one child). The float32 file, or else the first, gives the name.
 * @throws UserError `format/child` where two files of a child have the same precision
 */
export function withPrecisions(files: readonly ShippedChild[]): ShippedChild[] {
  const groups = new Map<string, ShippedChild[]>();
  for (const file of files) {
    // What quantisation may lose is of the int8 file alone.
    const { precision, maxLoss: _limit, ...provenance } = file.certificate.provenance;
    const key = `${sha256OfJson(provenance)} ${nameWithout(precision, file.name)}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map((group) => {
    refuseTwice(group);
    const main = group.find(({ certificate }) => certificate.precision === "float32") ?? group[0]!;
    return { ...main, others: group.filter((file) => file !== main) };
  });
}

function refuseTwice(group: readonly ShippedChild[]): void {
  const precisions = group.map(({ certificate }) => familyOf(certificate.precision));
  const second = precisions.findIndex((precision, i) => precisions.indexOf(precision) !== i);
  if (second < 0) return;
  const first = group[precisions.indexOf(precisions[second]!)]!;
  throw new UserError("format/child", {
    at: `${group[second]!.name}.onnx`,
    got: `${precisions[second]!} of the child that ${first.name}.onnx is, too`,
    want: "one file a precision",
    fix: "Give one of them.",
  });
}

const nameWithout = (precision: PrecisionName, name: string): string =>
  name.endsWith(`.${precision}`) ? name.slice(0, -precision.length - 1) : name;

/** A folder has one int8 file, whatever its layout. */
const familyOf = (precision: PrecisionName): string => precision.replace(/-.*/, "");
