/**
 * A mistake of the user's: what is wrong, where, and the way out. The command line prints it and exits with 2.
 * Our own mistakes are plain `Error("internal: …")` and exit with 1.
 */

/** The name of a mistake, `<folder>/<mistake>`. It is stable, so that programs may tell mistakes apart by it; docs/errors.md lists them all. */
export type ErrorCode = `${string}/${string}`;

/** One thing that is wrong. Printed as `<at> is <got>; want <want>. <fix>`. */
export interface Problem {
  /** Where: a file with a path into it (`space.json: stages[2].width[1]`), a flag, a folder. */
  readonly at: string;
  /** What was found, as the user would write it. Left out when `want` alone says it. */
  readonly got?: string | number;
  /** What would be right. */
  readonly want: string;
  /** What to do about it: a full sentence. */
  readonly fix: string;
}

/** A mistake that the user can fix. `message` has every problem, one a line; `code` names the mistake (docs/errors.md lists them). */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly problems: readonly Problem[];

  /** @param problems every problem of one file comes in one error. */
  constructor(
    readonly code: ErrorCode,
    problems: Problem | readonly Problem[],
    options?: { cause?: unknown },
  ) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map(describeProblem).join("\n"), options);
    this.problems = list;
  }
}

export function describeProblem({ at, got, want, fix }: Problem): string {
  return got === undefined ? `${at}: want ${want}. ${fix}` : `${at} is ${got}; want ${want}. ${fix}`;
}
