/** Training curves of the biggest, the smallest and the random children, from log.jsonl. */
import type { LogLine, RoleLog } from "../train/log.js";
import type { Role } from "../train/sandwich.js";
import { html, type Markup } from "../base/html.js";
import { area, path, plot } from "./plot.js";
import { extent, linear } from "./scale.js";

const roles: readonly Role[] = ["biggest", "random", "smallest"];

/** What is logged is the mean of a few steps; the line drawn is the mean of this share of the run around each point. */
const WINDOW = 0.02;

export function curve(
  log: readonly LogLine[],
  key: keyof RoleLog,
  name: string,
  show: (value: number) => string,
): Markup {
  const series = roles.flatMap((role) => {
    const points = log.flatMap((line) => (line[role] ? [[line.step, line[role][key]] as const] : []));
    return points.length > 0 ? [{ role, points: smooth(points) }] : [];
  });
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  const x = linear([0, Math.max(1, ...log.map(({ step }) => step))], [area.left, area.right]);
  const y = linear(extent(values, 0.05), [area.bottom, area.top]);
  const marks = series.map(
    ({ role, points }) =>
      html`<path class="curve ${role}" d="${path(points.map(([step, value]) => [x.at(step), y.at(value)]))}"
        ><title>${role}: ${show(points.at(-1)![1])} at the end</title></path
      >`,
  );
  return html`<figure>
    ${plot(
      `${name} of the ${series.map(({ role }) => role).join(", ")} children over training steps`,
      { scale: x, name: "step", show: (step) => step.toLocaleString("en-US") },
      { scale: y, name, show },
      marks,
    )}
    <figcaption>
      <span class="legend"
        >${series.map(
          ({ role, points }) => html`<span><i class="line ${role}"></i>${role} ${show(points.at(-1)![1])}</span>`,
        )}</span
      >
    </figcaption>
  </figure>`;
}

function smooth(points: readonly (readonly [number, number])[]): [number, number][] {
  const half = Math.floor((points.length * WINDOW) / 2);
  return points.map(([step], i) => {
    const around = points.slice(Math.max(0, i - half), i + half + 1);
    return [step, around.reduce((sum, [, value]) => sum + value, 0) / around.length];
  });
}
