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
