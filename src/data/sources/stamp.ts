/** What says that a file has not changed. */
import type { PathLike } from "node:fs";
import { stat } from "node:fs/promises";

/** Its size and the time of its last change: `Entry.stamp` of a picture in it. */
export async function stampOf(path: PathLike): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}
