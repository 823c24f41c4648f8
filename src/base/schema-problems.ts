/** What a zod schema says against data, as problems with a place. */
import type { z } from "zod";
import type { Problem } from "./user-error.js";

/** Every complaint of a schema, with the place as `file: stages[2].width[1]` and the value found there. */
export function problemsOf(error: z.ZodError, data: unknown, at: string, fix: string): Problem[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((step, i) =>
      typeof step === "number" ? `[${step}]` : `${i ? "." : ""}${String(step)}`,
    );
    const place = path.length > 0 ? `${at}: ${path.join("")}` : at;
    if (issue.code === "unrecognized_keys") {
      return {
        at: place,
        got: `unknown key ${issue.keys.join(", ")}`,
        want: "only known keys",
        fix: `Remove it. ${fix}`,
      };
    }
    const found = issue.path.reduce<unknown>(
      (value, step) =>
        typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
      data,
    );
    return { at: place, got: shown(found), want: wish(issue), fix };
  });
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON has no word for 1e400, which is read as Infinity.
  if (value === Infinity || value === -Infinity) return `a number beyond ±${Number.MAX_VALUE.toPrecision(3)}`;
  try {
    return JSON.stringify(value).slice(0, 60);
  } catch {
    // The parser takes deeper nesting than the stack that writing it needs.
    return "deeply nested JSON";
  }
}

/** zod says "Invalid input: expected number, received string" and "Too small: expected …": the wish is what it expected. */
function wish(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return [...new Set(issue.errors.map(([first]) => (first ? wish(first) : "another value")))].join(" or ");
  if (issue.code === "invalid_key" && issue.issues[0]) return `${wish(issue.issues[0])} for a key`;
  const expected = /[Ee]xpected (.*?)(, received.*)?$/.exec(issue.message)?.[1];
  return expected?.replace(/^\w+ to (be|have) /, "") ?? issue.message;
}
