/** Downloads that survive a broken connection and a killed process: bytes got are kept in `.partial` and never fetched again. */
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeError } from "../base/atomic-file.js";
import { sha256OfFile } from "../base/hash.js";
import { UserError } from "../base/user-error.js";
import { reasonOf, unreachable } from "./network.js";

export interface DownloadOptions {
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number | undefined;
  readonly onBytes?: (done: number, total: number | undefined) => void;
}

/** Connections in a row that bring nothing. */
const FRUITLESS = 4;
const PAUSE_MS = 500;

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/**
 * The file at `path`, with that hash.
 * @throws UserError `engine/network`, `engine/hash`, `file/write`
 */
export async function download(path: string, options: DownloadOptions): Promise<void> {
  if ((await sizeOf(path)) > 0) return;
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw writeError(path, error);
  });
  for (let fruitless = 0; ;) {
    const before = await sizeOf(partial);
    try {
      await fetchRest(partial, before, options);
      break;
    } catch (error) {
      const mistake = error instanceof UserError ? error : writeError(path, error);
      if (mistake instanceof UserError) throw mistake;
      fruitless = (await sizeOf(partial)) > before ? 0 : fruitless + 1;
      if (fruitless === FRUITLESS) throw unreachable(options.url, `broken off (${reasonOf(error)})`, error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * fruitless));
    }
  }
  const found = await sha256OfFile(partial);
  if (found !== options.sha256) {
    await rm(partial, { force: true });
    throw new UserError("engine/hash", {
      at: options.url,
      got: `a file with SHA-256 ${found}`,
      want: options.sha256,
      fix: "It was deleted. Run the command again; if it stays so, the mirror is broken or false: use another by --index.",
    });
  }
  await rename(partial, path);
}

async function fetchRest(partial: string, have: number, { url, bytes, onBytes }: DownloadOptions): Promise<void> {
  if (have > 0 && have === bytes) return;
  const response = await fetch(url, have > 0 ? { headers: { range: `bytes=${have}-` } } : {});
  // Nothing lies behind the last byte: whether the file is the right one, its hash says.
  if (response.status === 416) return;
  if (!response.ok || !response.body) {
    if (response.status < 500) throw unreachable(url, `answered ${response.status}`);
    throw new Error(`answered ${response.status}`);
  }
  const resumed = response.status === 206;
  let done = resumed ? have : 0;
  const length = Number(response.headers.get("content-length"));
  const total = bytes ?? (length > 0 ? done + length : undefined);
  const count = new Transform({
    transform(chunk: Uint8Array, _, next) {
      done += chunk.length;
      onBytes?.(done, total);
      next(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), count, createWriteStream(partial, { flags: resumed ? "a" : "w" }));
  if (total !== undefined && done < total) throw new Error(`${done} of ${total} bytes`);
}
