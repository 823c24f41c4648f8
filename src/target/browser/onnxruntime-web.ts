/** onnxruntime-web: an optional peer dependency, whose files run in pages. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UserError } from "../../base/user-error.js";

/** The version that nestling is tested with; package.json names it, too. */
const WANTED = "1.30.0";

/**
 * Where it is installed.
 * @throws UserError `target/onnxruntime-web` where it is missing, or another version
 */
export async function onnxruntimeWeb(): Promise<{ readonly version: string; readonly folder: string }> {
  const at = "onnxruntime-web";
  const want = `version ${WANTED}`;
  const fix = `Run npm install onnxruntime-web@${WANTED} (140 MB): its files are what the page runs.`;
  const require = createRequire(import.meta.url);
  let found: string;
  try {
    found = require.resolve("onnxruntime-web/wasm");
  } catch (error) {
    throw new UserError("target/onnxruntime-web", { at, got: "missing", want, fix }, { cause: error });
  }
  const folder = dirname(dirname(found));
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  if (version !== WANTED) throw new UserError("target/onnxruntime-web", { at, got: `version ${version}`, want, fix });
  return { version, folder };
}
