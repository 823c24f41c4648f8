/**
 * One writer a folder: a file there names the process that writes. The lock of a process that is gone is taken over, so a run that was
 * killed resumes at once.
 */
import { randomBytes } from "node:crypto";
import { link, lstat, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { makeFolder, writeError } from "./atomic-file.js";
import { beginningOf, isRunning } from "./running.js";
import { UserError } from "./user-error.js";

const holderSchema = z.object({ pid: z.number().int(), host: z.string(), began: z.string(), since: z.string() });
type Holder = z.output<typeof holderSchema>;

/** Gives a folder free. */
export type Release = () => Promise<void>;

/**
 * Keeps other processes from doing the same in the folder until it is released; makes the folder.
 * @param what is done there: `train` makes `train.lock`
 * @throws UserError `file/locked` where another process does it, `file/write`
 */
export async function lockFolder(folder: string, what: string): Promise<Release> {
  const path = join(folder, `${what}.lock`);
  const own = `${path}.${randomBytes(6).toString("hex")}`;
  const made: string[] = [];
  const leave = async (): Promise<void> => {
    // A folder that was made for nothing goes.
    for (const name of made.toReversed()) await rmdir(name).catch(() => undefined);
  };
  const began = beginningOf(process.pid) ?? "";
  const holder: Holder = { pid: process.pid, host: hostname(), began, since: new Date().toISOString() };
  try {
    await makeFolder(folder, made);
    await writeFile(own, JSON.stringify(holder));
    await take(path, own, folder);
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined);
    await leave();
    throw writeError(folder, error);
  }
  await rm(own, { force: true });
  return async () => {
    await rm(path, { force: true });
    await leave();
  };
}

/** How long a writer waits for another one, and how often it looks, in ms. */
export interface Patience {
  readonly atMost: number;
  readonly every: number;
}

const TURN: Patience = { atMost: 10_000, every: 5 };

/**
 * Writes files while no other process writes the same ones: of two that want to, one waits for the other.
 * @param path of one of the files; its lock lies beside it for as long as `write` takes
 * @param patience a few seconds, where it isn't given
 * @throws UserError `file/locked` where another process takes longer than that, `file/write`, and what `write` throws
 */
export async function writeInTurn<T>(path: string, write: () => Promise<T>, patience = TURN): Promise<T> {
  const release = await lockInTurn(dirname(path), `.${basename(path)}`, patience);
  try {
    return await write();
  } finally {
    await release();
  }
}

async function lockInTurn(folder: string, what: string, { atMost, every }: Patience): Promise<Release> {
  const untilMs = Date.now() + atMost;
  for (;;) {
    try {
      return await lockFolder(folder, what);
    } catch (error) {
      const isTaken = error instanceof UserError && error.code === "file/locked";
      if (!isTaken || Date.now() > untilMs) throw error;
    }
    await wait(every);
  }
}

/** A link is made whole or not at all, and never over another one. Some disks have no links: a file is opened for us alone there. */
async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
      await writeFile(path, await readFile(own), { flag: "wx" });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removing what a dead process left is itself done under a lock, `….next`: two processes may both find it dead, and the slower one must not
 * remove the lock that the faster one has by then.
 */
async function take(path: string, own: string, folder: string): Promise<void> {
  while (!(await isLinked(own, path))) {
    if (!(await isLeft(path, folder))) continue;
    await take(`${path}.next`, own, folder);
    try {
      if (await isLeft(path, folder)) await rm(path, { force: true });
    } finally {
      await rm(`${path}.next`, { force: true });
    }
  }
}

/**
 * Whether a dead process left the lock; false where it's gone by now.
 * @throws UserError `file/locked` where its process lives
 */
async function isLeft(path: string, folder: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch((error: unknown) => goneOr(path, error));
  if (text === undefined) return false;
  const holder = holderOf(text);
  if (!holder || !isAlive(holder)) return true;
  const elsewhere = holder.host === hostname() ? "" : ` If it no longer runs there, remove ${path}.`;
  throw new UserError("file/locked", {
    at: folder,
    got: `being written by process ${holder.pid} on ${holder.host}, since ${holder.since}`,
    want: "a folder that no other process writes",
    fix: `Wait for it, stop it, or choose another folder.${elsewhere}`,
  });
}

/**
 * For a lock that can't be read: undefined where it is gone by now.
 * @throws UserError `file/locked` where something is there, which would stay unread for ever
 */
async function goneOr(path: string, cause: unknown): Promise<undefined> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  const { code = "unknown" } = cause as NodeJS.ErrnoException;
  if (!isThere && code === "ENOENT") return;
  throw new UserError(
    "file/locked",
    {
      at: path,
      got: `a lock that can't be read (${code})`,
      want: "one that says who writes the folder",
      fix: "Run as the user who writes there, or choose another folder. If nobody does, remove it.",
    },
    { cause },
  );
}

function holderOf(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A process of another machine counts as alive: nobody here can see it. */
function isAlive({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true;
  const found = beginningOf(pid);
  // Numbers of processes come again.
  return isRunning(pid) && (found === undefined || began === "" || found === began);
}
