/**
 * What a search judges: an architecture, in a precision. Its id is the architecture's; in a search over several precisions it ends with the
 * precision's name: `2r.int8-x64`. An architecture's id has no dot.
 */
import { checkPrecision, type PrecisionName } from "../compile/precisions.js";
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
