/** Writes space.json and recipe.json; what lies there and differs stays. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { jsonText, writeError, writeFilesAtomic } from "../base/atomic-file.js";
import { checkPlace } from "../base/check-place.js";
import { UserError } from "../base/user-error.js";
import { foundInstead } from "../base/user-file.js";
import type { StartingPoint } from "./start.js";

/** Where the two files of a starting point are written. */
export interface StartFiles {
  readonly space: string;
  readonly recipe: string;
}

export const startFiles = (out: string): StartFiles => ({
  space: join(out, "space.json"),
  recipe: join(out, "recipe.json"),
});

/** @throws UserError `file/write` where the two can't be written */
export async function checkStart({ space, recipe }: StartFiles): Promise<void> {
  for (const path of [space, recipe]) await checkPlace(path);
}

/**
 * Writes a starting point's space and recipe.
 * @throws UserError `start/exists` where a file is there with other content; then none is written. `file/write`
 */
export async function writeStart(files: StartFiles, { space, recipe }: StartingPoint): Promise<void> {
  // The shipped files' schema lies where these files do not.
  const texts: [string, string][] = [
    [files.space, jsonText({ ...space.data, $schema: undefined })],
    [files.recipe, jsonText({ ...recipe, $schema: undefined })],
  ];
  const problems = [];
  for (const [path, text] of texts) {
    const found = await readFile(path, "utf8").catch((error: unknown) => {
      if (foundInstead(error) === "missing") return undefined;
      throw writeError(path, error);
    });
    if (found === undefined || found === text) continue;
    const fix = "Move or remove it, or write elsewhere: --out FOLDER.";
    problems.push({ at: path, got: "there already, with other content", want: "a new file", fix });
  }
  if (problems.length > 0) throw new UserError("start/exists", problems);
  await writeFilesAtomic(texts);
}
