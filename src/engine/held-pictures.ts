/** Pictures of a set that a device holds: a step names them, and says how each is shifted and mirrored. */

/**
 * A picture of the set, as it is learned from: column x and row y show its column x + dx, or size − 1 − x + dx where it is mirrored, and
 * its row y + dy; what lies outside of it is black.
 */
export interface HeldPicture {
  /** Its place in the set. */
  readonly index: number;
  /** In pixels. */
  readonly dx: number;
  readonly dy: number;
  readonly mirror: boolean;
}

/** Which of its columns and rows the first ones show, and the step from one column to the next. */
export interface Reading {
  readonly column: number;
  readonly columnStep: 1 | -1;
  readonly row: number;
}

/** @param size height = width in pixels */
export const readingOf = ({ dx, dy, mirror }: HeldPicture, size: number): Reading => ({
  column: mirror ? size - 1 + dx : dx,
  columnStep: mirror ? -1 : 1,
  row: dy,
});
