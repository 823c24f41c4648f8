/** The agent's page for people, open to anyone: how busy it is, nothing that a caller could use. */
import { version } from "../../base/version.js";
import type { QueueState } from "./protocol.js";
import type { Ended } from "./sessions.js";

const SHOWN = 10;

export function statusPage({ active, waiting }: QueueState, history: readonly Ended[]): string {
  const state = active ? `measuring for ${active.seconds} s` : "idle";
  const rows = history.slice(0, SHOWN).map(({ how, reason, seconds, at }) => {
    // Without what is in parentheses: a process's last words may name what is in a model.
    const result = how === "failed" ? `${reason?.problems[0]?.got ?? "ended"}`.replace(/ \(.*/s, "") : how;
    return `<tr><td>${at.toISOString().slice(0, 19).replace("T", " ")}</td><td>${seconds.toFixed(0)} s</td><td>${escaped(result)}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>nestling agent</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #8884 }
</style></head><body>
<h1>nestling agent</h1>
<p>Version ${escaped(version)}. Now: <strong>${state}</strong>; ${waiting.length} waiting.</p>
<h2>Last measurements</h2>
${rows.length > 0 ? `<table><thead><tr><th>ended (UTC)</th><th>took</th><th>how</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>` : "<p>None yet.</p>"}
</body></html>
`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
