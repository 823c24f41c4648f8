/**
 * onnxruntime-node, an optional dependency: where its install script can't fetch CUDA libraries, which nestling doesn't use, npm leaves the
 * package out. It is then looked for where install-onnxruntime.ts puts it.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { enginesFolder } from "../engine/engines-folder.js";

export const ONNXRUNTIME = "onnxruntime-node";

const require = createRequire(import.meta.url);
const { optionalDependencies } = require("../../package.json") as {
  readonly optionalDependencies: Readonly<Record<typeof ONNXRUNTIME, string>>;
};

/** The one version that nestling is checked with. */
export const onnxruntimeWanted = optionalDependencies[ONNXRUNTIME];

/** Where it is installed if npm has left it out. */
export const onnxruntimeFolder = (): string => join(enginesFolder(), `${ONNXRUNTIME}-${onnxruntimeWanted}`);

/** The package's folder inside the folder of an install. */
export const onnxruntimePackage = (folder: string): string => join(folder, "node_modules", ONNXRUNTIME);

/** The package's folder: npm's, else the one of an install of our own; undefined where it is missing. */
export function locateOnnxruntime(): string | undefined {
  const beside = folderBeside();
  if (beside !== undefined) return beside;
  const own = onnxruntimePackage(onnxruntimeFolder());
  return existsSync(own) ? own : undefined;
}

/** Another version may lie above this package, for another package's sake. */
function folderBeside(): string | undefined {
  let found: string;
  try {
    found = require.resolve(`${ONNXRUNTIME}/package.json`);
  } catch {
    return undefined;
  }
  const { version } = JSON.parse(readFileSync(found, "utf8")) as { readonly version: string };
  return version === onnxruntimeWanted ? dirname(found) : undefined;
}
