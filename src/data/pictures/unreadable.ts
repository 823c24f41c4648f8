/** Pictures that can't be read: what is said of them. */
import { UserError, type Problem } from "../../base/user-error.js";
import { foundInstead } from "../../base/user-file.js";
import type { Entry } from "../sources/listing.js";

/** Unreadable pictures named in an error; a count stands for the rest. */
const NAMED = 20;

export function unreadable({ at }: Entry, error: unknown): Problem {
  const isSystems = (error as NodeJS.ErrnoException).syscall !== undefined;
  const got = isSystems
    ? foundInstead(error)
    : `not readable (${(error as Error).message.split("\n")[0] ?? "unknown"})`;
  return { at, got, want: "a whole image", fix: "Fix or remove it, or leave such pictures out: train --skip-broken." };
}

/** @throws UserError `data/unreadable` */
export function refuseUnreadable(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  const got = `${more} images like these`;
  const fix = "Fix or remove them, or leave them out: train --skip-broken.";
  const rest = more > 0 ? [{ at: "and more", got, want: "whole images", fix }] : [];
  throw new UserError("data/unreadable", [...problems.slice(0, NAMED), ...rest]);
}
