/** Some measurements need a model that stays loaded. */
import { UserError } from "../base/user-error.js";
import type { Target } from "../target/target.js";

/** @throws UserError `target/program` where the target starts a program for each visit */
export function refuseProgram({ name, loadsEachVisit }: Target, what: string): void {
  if (!loadsEachVisit) return;
  throw new UserError("target/program", {
    at: `target ${name}`,
    got: "a program that is started for each visit",
    want: `a target that holds models, for ${what}`,
    fix: "Use this machine, a device agent or a browser, or leave the option out.",
  });
}
