/** RUN/report.html: one page that needs nothing else, no network, no script. */
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.js";
import { css } from "./css.js";
import { page } from "./page.js";
import { readFolder } from "./read-folder.js";

/**
 * Builds the report of a run's folder, or of a folder that `search --out` wrote, from the files that lie there.
 * @returns the page's path
 * @throws UserError `report/empty`, `report/file`, and what reading the files gives: `checkpoint/…`, `search/…`, `deploy/certificate`,
 * `space/…`, `train/log`; `file/write`
 */
export async function writeReport(folder: string): Promise<string> {
  const path = join(folder, "report.html");
  await writeFileAtomic(path, page(await readFolder(folder), css));
  return path;
}
