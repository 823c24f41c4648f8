/** The compiler's report as text: what each step rewrote, and which nodes it left alone and why. */
import type { Note, StepReport } from "./pass.js";

/** Most nodes named in one line; the JSON names all. */
const NAMED = 6;

const words = { rewrote: "rewrote", skipped: "left" } as const satisfies Record<Note["verdict"], string>;

/** For example `fold-batch-norm` and, under it, `rewrote 12: folded into the conv before it (stem.norm, …)`. */
export const explain = (report: readonly StepReport[]): string =>
  report
    .flatMap(({ name, notes }) => [name, ...(notes.length === 0 ? ["  nothing to do"] : linesOf(notes))])
    .join("\n");

function linesOf(notes: readonly Note[]): string[] {
  const groups = new Map<string, Note[]>();
  for (const note of notes) {
    const key = `${words[note.verdict]} ${note.detail}`;
    groups.set(key, [...(groups.get(key) ?? []), note]);
  }
  return [...groups.values()].map((group) => {
    const { verdict, detail } = group[0]!;
    const named = group.slice(0, NAMED).map(({ node }) => node);
    const others = group.length - named.length;
    return `  ${words[verdict]} ${group.length}: ${detail} (${named.join(", ")}${others > 0 ? ` and ${others} more` : ""})`;
  });
}
