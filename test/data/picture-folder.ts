/** Folders of small pictures that the tests of data sources share. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { temporaryFolder } from "../temporary-folder.js";

export const SIDE = 8;

/** An image of one colour: one number is grey, three are RGB, four have alpha. */
export async function picture(values: readonly number[], side = SIDE, height = side): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: side * height }, () => values).flat());
  const raw = { width: side, height, channels: values.length as 1 | 3 | 4 };
  const image = sharp(pixels, { raw });
  return (values.length === 1 ? image.toColourspace("b-w") : image).png().toBuffer();
}

export async function folderOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}
