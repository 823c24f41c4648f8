/** A listing of rows that each name a picture, its label and perhaps its part: what lists, parquet files and tar shards all come down to. */
import { printable } from "../../base/text.js";
import { UserError, type Problem } from "../../base/user-error.js";
import { heldOutWords, holdOut, type Entry, type Listing } from "./listing.js";
import { hintsOf, lookAlikes } from "./look-alikes.js";
import { naturally } from "./natural-order.js";
import { splitOf, type SplitName } from "./splits.js";

/** Numbers in binary, and what can't be decoded. */
// eslint-disable-next-line no-control-regex
const NO_TEXT = /[\0-\x08\x0e-\x1f\ufffd]/;
/** Rows named in an error; a count stands for the rest. */
const NAMED = 20;

export interface Row extends Omit<Entry, "label"> {
  /** The class's name; empty or undefined: the row has none. */
  readonly label: string | undefined;
  /** The part, as the source calls it; undefined: it says none. */
  readonly part: string | undefined;
}

export interface RowNotes {
  /** Where the rows are. */
  readonly at: string;
  readonly layout: string;
  readonly leftOut?: string | undefined;
  readonly hints?: readonly string[];
  /** What to do about a row without a label. */
  readonly labelFix?: string;
  /** The classes, where the source names them; by default the labels in natural order. */
  readonly classes?: readonly string[] | undefined;
}

/** @throws UserError `data/list` for rows without a label, or of a part that is unknown; `data/classes` */
export function listRows(rows: readonly Row[], { at, layout, leftOut, hints = [], ...notes }: RowNotes): Listing {
  const anyPart = rows.some(({ part }) => part !== undefined);
  refuse(rows.flatMap((row) => problemsOf(row, anyPart, notes.labelFix)));
  const labels = new Set(rows.map(({ label }) => label!));
  const classes = notes.classes?.filter((name) => labels.has(name)) ?? [...labels].sort(naturally);
  const without = notes.classes?.filter((name) => !labels.has(name)) ?? [];
  const twice = classes.find((name, label) => classes.indexOf(name) !== label);
  if (twice !== undefined) {
    const fix = "Correct the names in the source.";
    throw new UserError("data/classes", { at, got: `with two classes ${twice}`, want: "names that differ", fix });
  }
  const same = lookAlikes(classes).map(({ names, why }) => `${names.join(" and ")} (${why})`);
  if (same.length > 0) {
    const got = `with labels that look the same: ${same.join(", ")}`;
    throw new UserError("data/classes", { at, got, want: "one spelling of a class", fix: "Write them alike." });
  }
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const ofPart = (wanted: SplitName): Entry[] =>
    rows
      .filter(({ part }) => (part === undefined ? "train" : splitOf(part)) === wanted)
      .map(({ part: _, label, ...entry }) => ({ ...entry, label: numbers.get(label!)! }))
      .sort((a, b) => a.label - b.label);
  const [train, validation, test] = [ofPart("train"), ofPart("validation"), ofPart("test")];
  const absent = without.slice(0, NAMED).join(", ") + (without.length > NAMED ? ", …" : "");
  const said = without.length > 0 ? [`Named by the source, but without pictures, and no classes: ${absent}.`] : [];
  const common = { classes, hints: [...hints, ...said, ...hintsOf(classes)], leftOut };
  if (test.length > 0) return { ...common, train, validation, test, layout };
  if (validation.length > 0) {
    return { ...common, train, validation: [], test: validation, layout: `${layout}, validation pictures for testing` };
  }
  return { ...common, validation: [], ...holdOut(train), layout: `${layout}, ${heldOutWords}` };
}

function problemsOf({ at, label, part }: Row, anyPart: boolean, labelFix = "Add it, or remove the row."): Problem[] {
  if (label === undefined || label === "") {
    return [{ at, got: "without a label", want: "the name of a class", fix: labelFix }];
  }
  if (NO_TEXT.test(label)) {
    const got = `with a label of bytes that are no text, ${printable(label)}`;
    return [{ at, got, want: "the name of a class", fix: "Write labels as text." }];
  }
  if (anyPart && (part === undefined || splitOf(part) === undefined)) {
    const got = part === undefined ? "of no part" : `of the part ${part}`;
    return [{ at, got, want: "train, validation or test", fix: "Correct it, or remove the row." }];
  }
  return [];
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  const rest = { at: "and more", got: `${more} rows like these`, want: "rows of pictures", fix: "Correct them." };
  throw new UserError("data/list", [...problems.slice(0, NAMED), ...(more > 0 ? [rest] : [])]);
}
