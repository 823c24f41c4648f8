/**
 * The first frame of a GIF without its transparency, as Pillow's `convert("RGB")` sees it: a transparent pixel keeps its colour of the
 * palette, which other decoders forget. GIF89a, w3.org/Graphics/GIF/spec-gif89a.txt
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
      const { start, end } = paletteAt(at + 10, bytes[at + 9]);
      const from = (end > start ? start : globalPalette.start) + 3 * transparent;
      return { bytes, background: [bytes[from] ?? 0, bytes[from + 1] ?? 0, bytes[from + 2] ?? 0] };
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

/** Where a palette of RGB lies, by the flags before it; of no length where there is none. */
function paletteAt(start: number, flags = 0): { start: number; end: number } {
  const colours = (flags & 0x80) === 0 ? 0 : 2 << (flags & 7);
  return { start, end: start + 3 * colours };
}
