/** Where `nestling engine install` puts the TensorFlow engines. */
import { join } from "node:path";
import { enginesFolder } from "../engines-folder.js";

/** An engine that `nestling engine install` puts on a machine. */
export type TensorflowEngine = "node" | "node-gpu";

export const packageOf = (engine: TensorflowEngine): string =>
  engine === "node" ? "@tensorflow/tfjs-node" : "@tensorflow/tfjs-node-gpu";

/**
 * The last release of the packages, and of the libtensorflow wheels that their binding was built and checked against.
 */
export const packageVersion = "4.22.0";
export const libraryVersion = "2.21.0";

export const installedFolder = (engine: TensorflowEngine): string =>
  join(enginesFolder(), `${engine}-${packageVersion}-tf${libraryVersion}`);

/** The package's folder inside the folder of an install. */
export const packageFolder = (folder: string, engine: TensorflowEngine): string =>
  join(folder, "node_modules", packageOf(engine));

/** The package's main file, by which it is loaded. */
export const installedMain = (engine: TensorflowEngine): string =>
  join(packageFolder(installedFolder(engine), engine), "dist/index.js");
