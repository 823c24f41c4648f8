/** An architecture as a row of blocks: height for width (channels), a slot for every block that the space allows, empty where unused. */
import type { Architecture } from "../space/schema.js";
import { html, type Markup } from "./html.js";

const BLOCK = 30;
const GAP = 4;
const STAGE_GAP = 12;
const HEIGHT = 84;
const TOP = 18;

/** @param all architectures of the same space: the largest sizes among them are drawn as full height and as empty slots */
export function drawArchitecture(architecture: Architecture, all: readonly Architecture[]): Markup {
  const largest = (size: (architecture: Architecture) => number): number =>
    Math.max(...[architecture, ...all].map(size));
  const widest = Math.max(
    largest(({ stem }) => stem),
    ...architecture.stages.map((_, i) => largest(({ stages }) => stages[i]?.width ?? 0)),
    largest(({ head }) => head ?? 0),
  );
  // A square root: thin layers stay visible beside a wide head.
  const heightOf = (width: number): number => Math.round(HEIGHT * Math.sqrt(width / widest));
  let x = 0;
  const column = (width: number, label: readonly string[], name: string): Markup => {
    const height = heightOf(width);
    const at = x;
    x += BLOCK + GAP;
    return html`<rect class="block" x="${at}" y="${TOP + HEIGHT - height}" width="${BLOCK}" height="${height}" rx="3"
        ><title>${name}: ${width} channels</title></rect
      ><text x="${at + BLOCK / 2}" y="${TOP + HEIGHT - height - 5}" text-anchor="middle">${width}</text>${label.map(
        (line, i) =>
          html`<text x="${at + BLOCK / 2}" y="${TOP + HEIGHT + 14 + 12 * i}" text-anchor="middle">${line}</text>`,
      )}`;
  };
  const empty = (): Markup => {
    const at = x;
    x += BLOCK + GAP;
    return html`<rect class="slot" x="${at}" y="${TOP + HEIGHT - BLOCK}" width="${BLOCK}" height="${BLOCK}" rx="3"
      ><title>a block that this child leaves out</title></rect
    >`;
  };
  const parts: Markup[] = [column(architecture.stem, ["stem"], "stem")];
  architecture.stages.forEach(({ width, depth, kernels, expands }, stage) => {
    x += STAGE_GAP;
    for (let block = 0; block < depth; block++) {
      const [kernel, expand] = [kernels[block]!, expands[block]!];
      parts.push(column(width, [`${kernel}×${kernel}`, `e${expand}`], `stage ${stage + 1}, block ${block + 1}`));
    }
    const slots = largest(({ stages }) => stages[stage]?.depth ?? 0);
    for (let block = depth; block < slots; block++) parts.push(empty());
  });
  if (architecture.head !== undefined) {
    x += STAGE_GAP;
    parts.push(column(architecture.head, ["head"], "head"));
  }
  const caption = `${architecture.resolution} px, stem ${architecture.stem}, ${architecture.stages.map(({ width, depth }) => `${depth} × ${width}`).join(", ")}`;
  return html`<svg
    class="architecture"
    viewBox="0 0 ${x - GAP} ${TOP + HEIGHT + 32}"
    role="img"
    aria-label="${caption}"
    style="max-width:${x - GAP}px"
  >
    ${parts}
  </svg>`;
}
