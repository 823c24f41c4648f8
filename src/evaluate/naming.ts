/** A mistake in one of several models says in which. */
import { UserError } from "../base/user-error.js";

/** How a target, which gets bytes alone, calls the model that it was given and its run. */
const places: readonly string[] = ["model", "the run"];

/** @throws UserError the same, with the name before such a place */
export async function naming<T>(name: string | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (name === undefined || !(error instanceof UserError)) throw error;
    const problems = error.problems.map((problem) =>
      places.includes(problem.at) ? { ...problem, at: `${name}: ${problem.at}` } : problem,
    );
    throw new UserError(error.code, problems, { cause: error });
  }
}
