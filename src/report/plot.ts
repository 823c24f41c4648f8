/** The frame of every plot: two axes with ticks and names, and a place for marks. */
import { html, type Markup } from "../base/html.js";
import type { Scale } from "./scale.js";

export const size = { width: 480, height: 320 } as const;
/** The rectangle of the marks, in pixels of the view box. */
export const area = { left: 58, right: 468, top: 30, bottom: 276 } as const;

export interface Axis {
  readonly scale: Scale;
  readonly name: string;
  readonly show: (value: number) => string;
}

/** @param label what the picture shows, for those who don't see it */
export function plot(label: string, x: Axis, y: Axis, marks: readonly Markup[]): Markup {
  const { left, right, bottom } = area;
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${label}">
    <g class="grid">
      ${y.scale.ticks.map((tick) => {
        const at = px(y.scale.at(tick));
        return html`<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" /><text
            x="${left - 8}"
            y="${at}"
            dy="0.35em"
            text-anchor="end"
            >${y.show(tick)}</text
          >`;
      })}${x.scale.ticks.map((tick) => {
        const at = px(x.scale.at(tick));
        return html`<line x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}" /><text
            x="${at}"
            y="${bottom + 19}"
            text-anchor="middle"
            >${x.show(tick)}</text
          >`;
      })}
      <line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" />
    </g>
    <text class="name" x="${right}" y="${size.height - 6}" text-anchor="end">${x.name}</text>
    <text class="name" x="4" y="14">${y.name}</text>
    ${marks}
  </svg>`;
}

/** Points joined by straight lines. */
export const path = (points: readonly (readonly [x: number, y: number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");

/** A coordinate, to a tenth of a pixel. */
export const px = (value: number): number => Math.round(value * 10) / 10;
