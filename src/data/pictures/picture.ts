/** A picture as it was decoded, of any size. */
export interface Picture {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey; 3: RGB. */
  readonly channels: 1 | 3;
  /** [height, width, channels], 0 to 255. */
  readonly pixels: Uint8Array;
}

/** A picture whose rows are made or read when they are asked for. */
export interface PictureRows extends Omit<Picture, "pixels"> {
  /** [height, width, channels] of the picture, from row `top` on. They last until the next call. */
  readonly rows: (top: number, height: number) => Picture;
}

export const rowsOf = ({ pixels, ...facts }: Picture): PictureRows => {
  const bytes = facts.width * facts.channels;
  return {
    ...facts,
    rows: (top, height) => ({ ...facts, height, pixels: pixels.subarray(top * bytes, (top + height) * bytes) }),
  };
};
