/** Limits of the machine are no mistakes in what was given: a picture for which there is no memory is no broken picture. */
import { UserError } from "./user-error.js";

interface Limit {
  /** Codes and messages of system calls, Node, V8 and libvips. */
  readonly shownBy: RegExp;
  readonly at: string;
  readonly got: string;
  readonly want: string;
  readonly fix: string;
}

const limits: readonly Limit[] = [
  {
    shownBy: /\bE[MN]FILE\b|too many open files/i,
    at: "the number of open files",
    got: "at its limit",
    want: "some hundreds",
    fix: "Raise it: ulimit -n 1024.",
  },
  {
    shownBy: /\bEFBIG\b/,
    at: "the size of a file",
    got: "at its limit",
    want: "room for the whole file",
    fix: "Raise it (ulimit -f unlimited), or choose a folder on another file system.",
  },
  {
    shownBy: /error creating thread|ERR_WORKER_INIT_FAILED|\bEAGAIN\b/i,
    at: "the number of threads",
    got: "at its limit",
    want: "a few for each core",
    fix: "Raise it: ulimit -u, or the container's limit of processes.",
  },
  {
    // Not whatever says "out of memory": a damaged header asks for any amount.
    shownBy:
      /\bENOMEM\b|WebAssembly\.Memory|Array buffer allocation failed|vips_tracked: out of memory|bad_alloc|ERR_WORKER_OUT_OF_MEMORY/,
    at: "memory",
    got: "used up",
    want: "more of it",
    fix: "End other programs, or raise its limit: ulimit -v, or the container's.",
  },
];

/**
 * The limit that an error comes from; undefined: from none.
 * @returns UserError `base/limit`
 */
export function machineLimit(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const { code = "" } = error as NodeJS.ErrnoException;
  const said = `${code} ${error.message}`;
  const found = limits.find(({ shownBy }) => shownBy.test(said));
  if (!found) return undefined;
  const { at, got, want, fix } = found;
  return new UserError("base/limit", { at, got: `${got} (${error.message})`, want, fix }, { cause: error });
}
