/** Code that folders take along: src/format/code, compiled. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * As it lies in dist, without the line that names a map; all code of a folder lies side by side.
 * @param name path in src/format/code, with `.js`
 */
export async function codeOf(name: string): Promise<string> {
  const text = await readFile(require.resolve(`#format-code/${name}`), "utf8");
  return text.replace(/\/\/# sourceMappingURL=.*\n?/, "").replaceAll(/(from ")\.\.\//g, "$1./");
}
