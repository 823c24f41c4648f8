/** An architecture as a row of blocks: height for width (channels), a slot for every block that the space allows, empty where unused. */
import { valuesOf, type Architecture } from "../space/architecture.js";
import type { Choice, Part } from "../space/choices.js";
import { html, type Markup } from "../base/html.js";

const BLOCK = 30;
const GAP = 4;
const STAGE_GAP = 12;
const HEIGHT = 84;
const TOP = 18;
const LINE = 12;

/** @param parts what the architecture's space chooses: its largest sizes are drawn as full height and as empty slots */
export function drawArchitecture(architecture: Architecture, parts: readonly Part[]): Markup {
  const values = valuesOf(parts, architecture);
  const widest = Math.max(1, ...parts.flatMap((part) => widthChoice(part)?.values ?? []));
  // A square root: thin layers stay visible beside a wide head.
  const heightOf = (width: number): number => Math.round(HEIGHT * Math.sqrt(width / widest));
  const lines = Math.max(1, ...parts.map(({ blocks }) => blocks?.each.length ?? 0));
  let x = 0;
  const column = (width: number, labels: readonly string[], name: string): Markup => {
    const height = heightOf(width);
    const at = x;
    x += BLOCK + GAP;
    return html`<rect class="block" x="${at}" y="${TOP + HEIGHT - height}" width="${BLOCK}" height="${height}" rx="3"
        ><title>${name}: ${width} channels</title></rect
      ><text x="${at + BLOCK / 2}" y="${TOP + HEIGHT - height - 5}" text-anchor="middle">${width}</text>${labels.map(
        (line, i) =>
          html`<text x="${at + BLOCK / 2}" y="${TOP + HEIGHT + 14 + LINE * i}" text-anchor="middle">${line}</text>`,
      )}`;
  };
  const empty = (): Markup => {
    const at = x;
    x += BLOCK + GAP;
    return html`<rect class="slot" x="${at}" y="${TOP + HEIGHT - BLOCK}" width="${BLOCK}" height="${BLOCK}" rx="3"
      ><title>a block that this child leaves out</title></rect
    >`;
  };
  const drawn = parts.flatMap((part, i): Markup[] => {
    const choice = widthChoice(part);
    const { once, depth, each } = values[i]!;
    // A part without a width of its own (the input) is no column.
    if (!choice) return [];
    const width = once[part.once.indexOf(choice)]!;
    if (x > 0) x += STAGE_GAP;
    if (!part.blocks) return [column(width, [part.name], part.name)];
    const { blocks } = part;
    const slots = blocks.depth.values.at(-1)!;
    return Array.from({ length: slots }, (_, block) => {
      if (block >= depth) return empty();
      const labels = blocks.each.map((of, c) => label(of, each[c]![block]!));
      return column(width, labels, `${part.name}, block ${block + 1}`);
    });
  });
  const bottom = TOP + HEIGHT + 8 + LINE * lines;
  return html`<svg
    class="architecture"
    viewBox="0 0 ${x - GAP} ${bottom}"
    role="img"
    aria-label="${caption(architecture, parts)}"
    style="max-width:${x - GAP}px"
  >
    ${drawn}
  </svg>`;
}

const widthChoice = ({ once }: Part): Choice | undefined => once.find(({ dimension }) => dimension === "width");

/** `3×3` for a kernel, `e4` for an expand ratio; a dash for a convolution that is left out. */
function label({ dimension }: Choice, value: number): string {
  if (dimension === "kernel") return value === 0 ? "–" : `${value}×${value}`;
  return dimension === "expand" ? `e${value}` : `${value}`;
}

function caption(architecture: Architecture, parts: readonly Part[]): string {
  const values = valuesOf(parts, architecture);
  const described = parts.flatMap((part, i) => {
    const choice = widthChoice(part);
    if (!choice) return [];
    const width = values[i]!.once[part.once.indexOf(choice)]!;
    return [part.blocks ? `${part.name} ${values[i]!.depth} × ${width}` : `${part.name} ${width}`];
  });
  return `${architecture.resolution} px, ${described.join(", ")}`;
}
