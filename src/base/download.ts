/**
 * Downloads that survive a broken connection and a killed process: bytes got are kept beside the file's place and never fetched again.
 * The file appears whole, with the right hash, or not at all.
 */
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { writeError } from "./atomic-file.js";
import { sha256OfFile } from "./hash.js";
import { isRunning } from "./running.js";
import { UserError, type ErrorCode } from "./user-error.js";

export interface Download {
  readonly url: string;
  /** Hash of the file as it is sent, or of what it unpacks to: mirrors may pack the same content in their own way. */
  readonly sha256: string;
  readonly hashed: "sent" | "unpacked";
  /** Where the size is known, all bytes got need no request. */
  readonly bytes?: number | undefined;
  readonly onBytes?: (done: number, total: number | undefined) => void;
  /** Codes and ways out of the two failures. */
  readonly unreachable: Remedy;
  readonly wrong: Remedy;
}

/** What a mistake is called, and a full sentence about what to do. */
export interface Remedy {
  readonly code: ErrorCode;
  readonly fix: string;
}

/** Connections in a row that bring nothing. */
const FRUITLESS = 4;
const PAUSE_MS = 500;

/**
 * Makes sure that the file is at `path`.
 * @throws UserError with the given codes, `file/write`
 */
export async function download(path: string, wanted: Download): Promise<void> {
  if ((await sizeOf(path)) > 0) return;
  const partial = await claimPartial(path);
  await fetchAll(partial, path, wanted);
  const found = await hashOf(partial, wanted.hashed);
  if (found !== wanted.sha256) {
    await rm(partial, { force: true });
    const { code, fix } = wanted.wrong;
    const got = found === undefined ? "a file that is not gzip" : `a file with SHA-256 ${found}`;
    throw new UserError(code, { at: wanted.url, got, want: `SHA-256 ${wanted.sha256}`, fix });
  }
  await rename(partial, path);
}

/**
 * Where this process writes: two processes never write into one file. What a killed one left is taken over; a process of another
 * machine, on a shared disk, may still run.
 */
async function claimPartial(path: string): Promise<string> {
  const nameOf = (pid: number | string): string => `${basename(path)}.${hostname()}.${pid}.partial`;
  const own = join(dirname(path), nameOf(process.pid));
  for (const name of await readdir(dirname(path)).catch((): string[] => [])) {
    const pid = /\.(\d+)\.partial$/.exec(name)?.[1];
    if (pid === undefined || name !== nameOf(pid) || isRunning(Number(pid))) continue;
    const claimed = await rename(join(dirname(path), name), own).then(
      () => true,
      () => false,
    );
    if (claimed) break;
  }
  return own;
}

async function fetchAll(partial: string, path: string, wanted: Download): Promise<void> {
  let fruitless = 0;
  while (fruitless < FRUITLESS) {
    const before = await sizeOf(partial);
    try {
      await fetchRest(partial, before, wanted);
      return;
    } catch (error) {
      const mistake = writeError(path, error);
      if (mistake instanceof UserError) throw mistake;
      fruitless = (await sizeOf(partial)) > before ? 0 : fruitless + 1;
      if (fruitless === FRUITLESS) throw refused(wanted, `not reachable (${reasonOf(error)})`, error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * fruitless));
    }
  }
}

async function fetchRest(partial: string, have: number, wanted: Download): Promise<void> {
  const { url, bytes, onBytes } = wanted;
  if (have > 0 && have === bytes) return;
  const response = await fetch(url, have > 0 ? { headers: { range: `bytes=${have}-` } } : {});
  // There is nothing after the last byte. Whether the file is the right one, its hash says.
  if (response.status === 416) return;
  if (!response.ok || !response.body) {
    if (response.status < 500) throw refused(wanted, `answered with ${response.status}`);
    throw new Error(`answered with ${response.status}`);
  }
  // Only now: an address that doesn't answer leaves no folder.
  await mkdir(dirname(partial), { recursive: true });
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

const refused = ({ url, unreachable: { code, fix } }: Download, got: string, cause?: unknown): UserError =>
  new UserError(code, { at: url, got, want: "a download", fix }, { cause });

/** fetch says "fetch failed" and gives the reason as its cause. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
}

/** Undefined for a file that should unpack and doesn't. */
async function hashOf(path: string, hashed: Download["hashed"]): Promise<string | undefined> {
  if (hashed === "sent") return sha256OfFile(path);
  return sha256OfFile(path, createGunzip()).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code?.startsWith("Z_")) return undefined;
    throw error;
  });
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
