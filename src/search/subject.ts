/**
 * What a search judges: an architecture, in a precision. Its id is the architecture's; in a search over several precisions it ends with the
 * precision's name: `2r.int8-x64`. An architecture's id has no dot.
 */
import { checkPrecision, isInt8, precisionNames, type PrecisionName } from "../compile/precisions.js";
import { UserError } from "../base/user-error.js";
import { architectureOf, idOf, type Architecture, type SearchSpace } from "../space/space.js";

/** What a search judges: an architecture, in a precision. */
export interface Subject {
  /** The architecture's id; in a search over several precisions it ends with the precision's name: `2r.int8-x64`. */
  readonly id: string;
  readonly architecture: Architecture;
  /** Left out where the search has one precision for all. */
  readonly precision?: PrecisionName | undefined;
}

/** An architecture in each precision of a search, in the table's order. */
export function subjectsOf(
  space: SearchSpace,
  architecture: Architecture,
  precisions: readonly PrecisionName[],
): readonly Subject[] {
  const id = idOf(space, architecture);
  if (precisions.length === 1) return [{ id, architecture }];
  return precisions.map((precision) => ({ id: `${id}.${precision}`, architecture, precision }));
}

/** The part of a subject's id that names its architecture. */
export const architectureIn = (id: string): string => id.split(".", 1)[0]!;

/**
 * The subject of an id.
 * @throws UserError where the space has no such architecture or the table no such precision
 */
export function subjectOf(space: SearchSpace, id: string): Subject {
  const architecture = architectureOf(space, architectureIn(id));
  if (!id.includes(".")) return { id, architecture };
  const precision = id.slice(id.indexOf(".") + 1) as PrecisionName;
  checkPrecision(precision);
  return { id, architecture, precision };
}

/**
 * Points of accuracy that quantisation may lose.
 * @throws UserError `compile/max-loss` where it is no number from 0 to 100, or nothing is quantised
 */
export function checkMaxLoss(maxLoss: number, precisions: readonly PrecisionName[]): number {
  const isRight = maxLoss >= 0 && maxLoss <= 100;
  if (isRight && precisions.some(isInt8)) return maxLoss;
  throw new UserError("compile/max-loss", {
    at: "--max-loss",
    got: isRight ? `given with --precision ${precisions.join(",")}` : `${maxLoss}`,
    want: isRight ? "--precision int8" : "points from 0 to 100",
    fix: "It limits what quantisation loses, for example --precision int8 --max-loss 0.5.",
  });
}

/**
 * The precisions of a search, in the table's order: their order on a command line changes nothing.
 * @throws UserError `compile/precision` where there is none of a name, or one is given twice
 */
export function precisionsOf(given: PrecisionName | readonly PrecisionName[]): readonly PrecisionName[] {
  const names = typeof given === "string" ? [given] : given;
  names.forEach(checkPrecision);
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new UserError("compile/precision", {
      at: "--precision",
      got: names.join(",") || "none",
      want: "one or several, each once",
      fix: "Name each precision once.",
    });
  }
  return precisionNames.filter((name) => names.includes(name));
}
