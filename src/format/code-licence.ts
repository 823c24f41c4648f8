/** The licence of code that a folder takes along: nestling's own. */
import { readFileSync } from "node:fs";

export const codeLicence = (): string => readFileSync(new URL("../../LICENSE", import.meta.url), "utf8");
