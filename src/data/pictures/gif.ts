/**
 * The first frame of a GIF without its transparency, as Pillow's `convert("RGB")` sees it: a transparent pixel keeps its colour of the
 * palette, which other decoders forget, and what the frame leaves free has the transparent colour, else the palette's first. A file
 * without a palette is grey. GIF89a, w3.org/Graphics/GIF/spec-gif89a.txt. The code has no imports: folders for Node take it along.
 */

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const FRAME = 0x2c;
const HEADER_BYTES = 13;

export interface OpaqueGif {
  /** The file with its first frame's transparency switched off. */
  readonly bytes: Uint8Array;
  /** RGB of what the first frame does not cover. */
  readonly background: readonly [number, number, number];
  /** Where the first frame lies, in pixels. */
  readonly frame: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}

/** Undefined where the file ends before its first frame. */
export function opaqueGif(file: Uint8Array): OpaqueGif | undefined {
  const bytes = Uint8Array.from(file);
  const globalPalette = paletteAt(HEADER_BYTES, bytes[10]);
  let at = globalPalette.end;
  let transparent = 0;
  for (;;) {
    const kind = bytes[at];
    if (kind === FRAME) {
      const own = paletteAt(at + 10, bytes[at + 9]);
      const palette = own.end > own.start ? own : globalPalette;
      const [left, top, width, height] = [1, 3, 5, 7].map((i) => bytes[at + i]! + 256 * bytes[at + i + 1]!) as Four;
      const frame = { left, top, right: left + width, bottom: top + height };
      if (palette.end === palette.start) return { bytes: withGreys(bytes), background: grey(transparent), frame };
      const from = palette.start + 3 * transparent;
      return { bytes, background: [bytes[from] ?? 0, bytes[from + 1] ?? 0, bytes[from + 2] ?? 0], frame };
    }
    if (kind !== EXTENSION) return undefined;
    if (bytes[at + 1] === GRAPHIC_CONTROL && (bytes[at + 3]! & 1) === 1) {
      transparent = bytes[at + 6] ?? 0;
      bytes[at + 3]! &= ~1;
    }
    at += 2;
    while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
    at++;
  }
}

type Four = [number, number, number, number];

/** Paints what the first frame does not cover. @param samples [height, width, channels] of the whole picture */
export function paintAround(
  samples: Uint8Array,
  { width, channels }: { readonly width: number; readonly channels: number },
  { frame, background }: OpaqueGif,
): void {
  const colour = background.slice(0, channels);
  for (let at = 0, i = 0; at < samples.length; at += channels, i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x < frame.left || x >= frame.right || y < frame.top || y >= frame.bottom) samples.set(colour, at);
  }
}

const grey = (value: number): [number, number, number] => [value, value, value];

/** The file with a palette in which each number is its own grey. */
function withGreys(file: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(file.length + 768);
  bytes.set(file.subarray(0, HEADER_BYTES));
  // 256 colours.
  bytes[10]! |= 0x87;
  for (let i = 0; i < 256; i++) bytes.set(grey(i), HEADER_BYTES + 3 * i);
  bytes.set(file.subarray(HEADER_BYTES), HEADER_BYTES + 768);
  return bytes;
}

/** Where a palette of RGB lies, by the flags before it; of no length where there is none. */
function paletteAt(start: number, flags = 0): { start: number; end: number } {
  const colours = (flags & 0x80) === 0 ? 0 : 2 << (flags & 7);
  return { start, end: start + 3 * colours };
}
