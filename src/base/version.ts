/** This package's version. */
import { readFileSync } from "node:fs";

const { version: found } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
/** The version of the package, as in its package.json. */
export const version: string = found;
