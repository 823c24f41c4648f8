/** The runs that a latency is from: on the left how they are spread, on the right how they changed over the session. */
import { milliseconds } from "../base/format.js";
import { densityOf } from "../evaluate/distribution.js";
import { html, type Markup } from "../base/html.js";
import { path, px } from "./plot.js";
import { linear } from "./scale.js";

const size = { width: 480, height: 92 } as const;
const spread = { left: 0, right: 220 } as const;
const course = { left: 260, right: 480 } as const;
/** Above: the title; below: labels. */
const rows = { title: 12, top: 22, bottom: 70, label: 87 } as const;
const BINS = 22;
/** The course has room for so much more than its fastest part: what is less hardly counts. */
const ROOM = 1.25;

export interface Runs {
  readonly quantilesMs: readonly number[];
  readonly courseMs: readonly number[];
  readonly seconds: number;
  readonly target: string;
}

export function drawRuns({ quantilesMs, courseMs, seconds, target }: Runs): Markup {
  const { range, shares } = densityOf(quantilesMs, BINS);
  const width = (spread.right - spread.left) / BINS;
  const height = linear([0, Math.max(...shares)], [rows.bottom, rows.top]);
  const fastest = Math.min(...courseMs);
  const slowest = Math.max(...courseMs);
  const x = linear([0, Math.max(1, courseMs.length - 1)], [course.left, course.right]);
  const y = linear([fastest, Math.max(ROOM * fastest, slowest)], [rows.bottom, rows.top]);
  const on = target === "local" ? "" : ` on ${target}`;
  const label = `Runs${on} from ${milliseconds(range[0])} to ${milliseconds(range[1])}; medians over the session from ${milliseconds(fastest)} to ${milliseconds(slowest)}`;
  return html`<svg class="runs" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${label}">
    <text x="${spread.left}" y="${rows.title}">runs${on}, the slowest 5 % left out</text>
    ${shares.map((share, i) => {
      const top = height.at(share);
      return html`<rect
        x="${px(spread.left + i * width)}"
        y="${px(top)}"
        width="${px(width - 1)}"
        height="${px(rows.bottom - top)}"
      />`;
    })}
    <text x="${spread.left}" y="${rows.label}">${milliseconds(range[0])}</text>
    <text x="${spread.right}" y="${rows.label}" text-anchor="end">${milliseconds(range[1])}</text>
    <text x="${course.left}" y="${rows.title}">median over ${Math.round(seconds)} s</text>
    <path class="curve" d="${path(courseMs.map((ms, i) => [x.at(i), y.at(ms)]))}" />
    <text x="${course.left}" y="${rows.label}">${milliseconds(fastest)}</text>
    <text x="${course.right}" y="${rows.label}" text-anchor="end">to ${milliseconds(slowest)}</text>
  </svg>`;
}
