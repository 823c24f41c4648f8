/** Where `nestling engine install` puts engines: outside any project, so that one install serves all projects. */
import { join } from "node:path";
import { dataFolder } from "../base/user-folders.js";

export const enginesFolder = (): string => join(dataFolder(), "engines");

/** Where wheels are extracted in an engine's folder, at their members' own paths. */
export const siteOf = (folder: string): string => join(folder, "site");
