/** Code that folders take along, compiled: src/format/code, and how a picture's file is read, of src/data/pictures. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * As it lies in dist, without the line that names a map; all code of a folder lies side by side.
 * @param name path in src/format/code, with `.js`
 */
export const codeOf = (name: string): Promise<string> => compiled(`#format-code/${name}`);

/** The same. @param name of a file in src/data/pictures that imports nothing of ours, with `.js` */
export const pictureCodeOf = (name: string): Promise<string> => compiled(`#picture-code/${name}`);

async function compiled(module: string): Promise<string> {
  const text = await readFile(require.resolve(module), "utf8");
  return text
    .replace(/\/\/# sourceMappingURL=.*\n?/, "")
    .replaceAll(/(from ")\.\.\/(?:\.\.\/)*(?:data\/pictures\/)?/g, "$1./");
}
