/** The page's style: light and dark by the reader's setting, one column on a phone, whole cards on paper. */
export const css = `
:root {
  color-scheme: light dark;
  --page: #fbfaf8;
  --card: #ffffff;
  --ink: #1d2125;
  --soft: #5d666f;
  --line: #dfe2e5;
  --biggest: #1f5fbf;
  --random: #8a6d1f;
  --smallest: #b8441f;
  --coarse: #6b7480;
  --fine: #1f5fbf;
  --front: #1d2125;
  --chosen: #b8441f;
  --block: #9db8dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181b;
    --card: #1d2125;
    --ink: #e8e6e3;
    --soft: #a3abb3;
    --line: #363c42;
    --biggest: #7fb0ff;
    --random: #e0bb5a;
    --smallest: #ff9069;
    --coarse: #9aa4af;
    --fine: #7fb0ff;
    --front: #e8e6e3;
    --chosen: #ff9069;
    --block: #3f5f8c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.2rem; margin: 40px 0 12px; }
h3 { font-size: 1.05rem; margin: 0 0 8px; overflow-wrap: anywhere; }
p { margin: 0 0 12px; max-width: 72ch; }
.small { font-size: 0.85rem; }
.soft, figcaption, dt { color: var(--soft); }
.pair { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px; margin: 0; min-width: 0; }
figcaption { font-size: 0.85rem; margin-top: 8px; }
figcaption p { margin: 4px 0 0; }
svg { display: block; width: 100%; height: auto; font: 12.5px system-ui, sans-serif; fill: var(--ink); }
svg text { fill: var(--soft); }
svg .grid line { stroke: var(--line); }
svg .grid .axis { stroke: var(--soft); }
svg .name { fill: var(--ink); }
.curve, .front { fill: none; stroke-width: 2; }
.biggest { stroke: var(--biggest); }
.random { stroke: var(--random); stroke-dasharray: 6 3; }
.smallest { stroke: var(--smallest); }
svg .front { stroke: var(--front); stroke-width: 1.4; }
.point line { stroke-opacity: 0.28; }
.point.coarse { stroke: var(--coarse); fill: var(--card); }
.point.fine { stroke: var(--fine); fill: var(--fine); }
.point.chosen > line { stroke-opacity: 1; }
.ring { fill: none; stroke: var(--chosen); stroke-width: 2.2; }
.budget line { stroke: var(--chosen); stroke-dasharray: 3 4; }
.budget text { fill: var(--chosen); }
.legend { display: inline-flex; flex-wrap: wrap; gap: 2px 16px; }
.legend > span { display: inline-flex; align-items: center; gap: 6px; }
.key { width: 14px; height: 14px; flex: none; }
i.line { width: 18px; height: 0; border-top: 2px solid; flex: none; }
i.line.biggest { border-color: var(--biggest); }
i.line.random { border-color: var(--random); border-top-style: dashed; }
i.line.smallest { border-color: var(--smallest); }
i.line.front { border-color: var(--front); }
.block { fill: var(--block); }
.slot { fill: none; stroke: var(--line); stroke-dasharray: 3 3; }
.runs { margin: 12px 0; max-width: 520px; }
.runs rect { fill: var(--block); }
.runs .curve { stroke: var(--biggest); }
.architecture { margin: 12px 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; font-variant-numeric: tabular-nums; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; margin: 12px 0 0; font: 0.82rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
summary { cursor: pointer; }
@media (max-width: 560px) {
  /* Plots shrink with the screen, their words must not. */
  svg { font-size: 16px; }
  svg.architecture { min-width: 440px; font-size: 12.5px; }
  dl { grid-template-columns: 1fr; }
  dd { margin-bottom: 8px; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --biggest: #1f5fbf; --random: #8a6d1f; --smallest: #b8441f; --coarse: #6b7480; --fine: #1f5fbf; --front: #000; --chosen: #b8441f; --block: #9db8dc; }
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .card, figure { break-inside: avoid; }
  h2 { break-after: avoid; }
  .pair { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  svg.architecture { min-width: 0; }
}
`;
