/**
 * What a data set is and what to know of it before a training, a line each: line breaks in the names of classes and files are escaped. The
 * first says how its source was understood.
 */
import { printable } from "../base/text.js";

/** What the reader of a source has to say of it. */
export interface SourceNotes {
  /** How the source was understood: a phrase without a full stop. */
  readonly layout: string;
  /** Everything there that is not used, in words; undefined: nothing. */
  readonly leftOut?: string | undefined;
  /** A sentence each. */
  readonly hints?: readonly string[];
  /** Pictures left out because they can't be read, by their place in the source. */
  readonly broken?: readonly string[];
  /** Indices of the training images that the source sets aside for validation. */
  readonly validation?: Uint32Array;
}

/** Classes and pictures named one by one; a count stands for the rest. */
const NAMED = 10;
/** The largest class has so many times the pictures of the smallest: worth a word. */
const UNEVEN = 10;

export interface Labelled {
  readonly name: string;
  readonly classes: readonly string[];
  readonly train: ArrayLike<number>;
  readonly test: ArrayLike<number>;
}

export function aboutData(
  data: Labelled,
  { layout, leftOut, hints = [], broken = [], validation }: SourceNotes,
): string[] {
  const { name, classes } = data;
  const pictures = data.train.length + data.test.length;
  const unread = broken.length > 0 ? `${broken.length} that can't be read left out` : undefined;
  const counted = [`${pictures} pictures`, unread, leftOut].filter((words) => words !== undefined).join(", ");
  const isValidation = new Set(validation);
  const [learned, validated]: [number[], number[]] = [[], []];
  Array.from(data.train).forEach((label, i) => (isValidation.has(i) ? validated : learned).push(label));
  const aside = validation ? `${validated.length} validation and ` : "";
  const counts = countsOf(learned, classes.length);
  return [
    `${name}: ${layout}. ${counted}.`,
    `${learned.length} training, ${aside}${data.test.length} test pictures of ${classes.length} classes; training pictures a class: ${perClass(classes, counts)}.`,
    ...unevenness(classes, counts),
    ...missing(classes, data.test, "test"),
    ...(validation ? missing(classes, validated, "validation") : []),
    ...(broken.length > 0 ? [`Left out, because they can't be read: ${some(broken)}.`] : []),
    ...hints,
  ].map(printable);
}

function perClass(classes: readonly string[], counts: readonly number[]): string {
  if (classes.length <= NAMED) return classes.map((name, i) => `${name} ${counts[i]!}`).join(", ");
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const at = (count: number): string => `${count} (${classes[counts.indexOf(count)]!})`;
  return fewest === most ? `${fewest}` : `${at(fewest)} to ${at(most)}`;
}

function unevenness(classes: readonly string[], counts: readonly number[]): string[] {
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (fewest === 0 || most < UNEVEN * fewest) return [];
  const [small, large] = [fewest, most].map((count) => classes[counts.indexOf(count)]!);
  const way = "The recipe option sampling: balanced shows as many of each.";
  return [`Classes are uneven: ${large!} has ${most} training pictures, ${small!} has ${fewest}. ${way}`];
}

/**
 * Says which classes figures say nothing of.
 * @param labels of the images that figures rest on
 */
export function missing(classes: readonly string[], labels: ArrayLike<number>, part: "test" | "validation"): string[] {
  const counts = countsOf(labels, classes.length);
  const names = classes.filter((_, label) => counts[label] === 0);
  return names.length === 0
    ? []
    : [printable(`No ${part} pictures of ${some(names)}: ${part} figures say nothing of them.`)];
}

function countsOf(labels: ArrayLike<number>, classes: number): number[] {
  const counts = Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts;
}

const some = (names: readonly string[]): string =>
  names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ` and ${names.length - NAMED} more` : "");
