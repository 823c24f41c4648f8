/** Pictures are decoded a few at a time, however many callers there are: one of 100 kB may take 100 MB of memory. */

/** Waits until there is room for so many pixels, then uses it; who came first is first. */
export type PixelRoom = <T>(pixels: number, use: () => Promise<T>) => Promise<T>;

/** @param most pixels at once; a picture that alone has more is let in when no other is */
export function pixelRoom(most: number): PixelRoom {
  let held = 0;
  const waiting: { readonly pixels: number; readonly enter: () => void }[] = [];
  const letIn = (): void => {
    for (let [next] = waiting; next && (held === 0 || held + next.pixels <= most); [next] = waiting) {
      waiting.shift();
      held += next.pixels;
      next.enter();
    }
  };
  return async (pixels, use) => {
    await new Promise<void>((enter) => {
      waiting.push({ pixels, enter });
      letIn();
    });
    try {
      return await use();
    } finally {
      held -= pixels;
      letIn();
    }
  };
}
