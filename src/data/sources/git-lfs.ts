/** Git LFS leaves a small text where a large file should be until the file is fetched. */
import { open } from "node:fs/promises";

/** The text's first words. */
const MARK = Buffer.from("version https://git-lfs.github.com/spec/");

export const isLfsPointer = (bytes: Uint8Array): boolean => MARK.equals(bytes.subarray(0, MARK.length));

/** What to do about a file that is such a text; undefined: it is none. */
export async function lfsFix(path: string): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  const { buffer } = (await file?.read(Buffer.alloc(MARK.length), 0, MARK.length, 0)) ?? { buffer: Buffer.alloc(0) };
  await file?.close();
  return isLfsPointer(buffer)
    ? "It is a pointer of Git LFS, not the file: run git lfs pull where it is from."
    : undefined;
}
