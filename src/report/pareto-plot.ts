/** Expected accuracy against a cost: every architecture judged, coarse and fine told apart, the front, the budgets and what was chosen. */
import type { Budget } from "../search/budget.js";
import type { Candidate, SearchResult } from "../search/search-file.js";
import { percent } from "../base/format.js";
import { html, type Markup } from "../base/html.js";
import { area, path, plot, px } from "./plot.js";
import { extent, linear, logarithmic } from "./scale.js";

export interface CostAxis {
  readonly kind: Budget["kind"];
  /** The further target that a latency is on. */
  readonly target?: string;
  readonly name: string;
  readonly cost: (candidate: Candidate) => number | undefined;
  readonly interval: (candidate: Candidate) => readonly [number, number] | undefined;
  readonly front: readonly string[];
  readonly show: (value: number) => string;
}

/** Costs that span more than this factor get a logarithmic axis. */
const LOGARITHMIC_FROM = 5;
/** A budget is drawn up to this multiple of the dearest child. */
const FAR = 1.5;

export function paretoPlot(search: SearchResult, budgets: readonly Budget[], axis: CostAxis): Markup {
  // One that is within no budget saw no images; how many there are is said below.
  const judged = search.candidates.filter(({ count }) => count > 0);
  const points = judged.flatMap((candidate) => {
    const cost = axis.cost(candidate);
    return cost === undefined ? [] : [{ candidate, cost }];
  });
  // A budget far beyond all children would press them into a corner; it limits nothing there.
  const most = Math.max(...points.map(({ cost }) => cost)) * FAR;
  const limits = budgets.filter(
    ({ kind, target, limit }) => kind === axis.kind && target === axis.target && limit <= most,
  );
  const costs = [...points.map(({ cost }) => cost), ...limits.map(({ limit }) => limit)];
  const [low, high] = extent(costs);
  const x =
    high / low > LOGARITHMIC_FROM
      ? logarithmic([low / 1.15, high * 1.15], [area.left, area.right])
      : linear(extent(costs, 0.08), [area.left, area.right]);
  const bounds = points.flatMap(({ candidate }) => candidate.expectedInterval);
  const y = linear(extent(bounds, 0.03), [area.bottom, area.top]);

  const chosenFor = (id: string): string =>
    search.chosen.flatMap((one) => (one.id === id ? [one.budget] : [])).join(" and ");
  const onFront = new Map(points.map((point) => [point.candidate.id, point]));
  const steps = axis.front.flatMap((id, i): [number, number][] => {
    const point = onFront.get(id);
    if (!point) return [];
    const here: [number, number] = [x.at(point.cost), y.at(point.candidate.expectedAccuracy)];
    const before = onFront.get(axis.front[i - 1] ?? "");
    return before ? [[here[0], y.at(before.candidate.expectedAccuracy)], here] : [here];
  });
  const marks = points.map(({ candidate, cost }) => {
    const [cx, cy] = [px(x.at(cost)), px(y.at(candidate.expectedAccuracy))];
    const [low, high] = candidate.expectedInterval.map((bound) => px(y.at(bound))) as [number, number];
    const across = axis.interval(candidate)?.map((bound) => px(x.at(bound)));
    const budgets = chosenFor(candidate.id);
    return html`<g class="point ${candidate.phase}${budgets && " chosen"}"
      ><title>
        ${candidate.id}: ${percent(candidate.expectedAccuracy)} at
        ${axis.show(cost)}${budgets && `, chosen for ${budgets}`}</title
      ><line
        x1="${cx}"
        x2="${cx}"
        y1="${low}"
        y2="${high}"
      />${across && html`<line x1="${across[0]}" x2="${across[1]}" y1="${cy}" y2="${cy}" />`}${shape(candidate.phase, cx, cy)}${budgets !== "" && html`<circle class="ring" cx="${cx}" cy="${cy}" r="9" />`}</g
    >`;
  });
  const skipped = search.candidates.length - judged.length;
  return html`<figure>
    ${plot(
      `Expected accuracy against ${axis.name}`,
      { scale: x, name: axis.name, show: axis.show },
      { scale: y, name: "expected accuracy", show: (value) => percent(value, 0) },
      [
        ...limits.map(({ text, limit }) => {
          const at = px(x.at(limit));
          return html`<g class="budget"
            ><line x1="${at}" x2="${at}" y1="${area.top}" y2="${area.bottom}" /><text
              x="${at - 5}"
              y="${area.bottom - 8}"
              text-anchor="end"
              >${text}</text
            ></g
          >`;
        }),
        html`<path class="front" d="${path(steps)}" />`,
        // What was chosen lies on top.
        ...marks.filter((_, i) => !chosenFor(points[i]!.candidate.id)),
        ...marks.filter((_, i) => chosenFor(points[i]!.candidate.id)),
      ],
    )}
    <figcaption>
      <span class="legend"
        ><span>${key("coarse")}coarse</span><span>${key("fine")}fine</span
        ><span><i class="line front"></i>Pareto front</span><span>${ringKey}chosen</span></span
      >${skipped > 0 && html`<p>${skipped} more are within no budget and saw no images.</p>`}
    </figcaption>
  </figure>`;
}

/** Coarse is a hollow circle, fine a filled diamond: told apart without colour too. */
const shape = (phase: Candidate["phase"], x: number, y: number): Markup =>
  phase === "coarse"
    ? html`<circle cx="${x}" cy="${y}" r="3.6" />`
    : html`<path d="M${x} ${px(y - 5)}l5 5l-5 5l-5-5z" />`;

const key = (phase: Candidate["phase"]): Markup =>
  html`<svg class="key" viewBox="0 0 14 14" aria-hidden="true">
    <g class="point ${phase}">${shape(phase, 7, 7)}</g>
  </svg>`;
const ringKey = html`<svg class="key" viewBox="0 0 14 14" aria-hidden="true">
  <g class="point chosen"><circle class="ring" cx="7" cy="7" r="5.5" /></g>
</svg>`;
