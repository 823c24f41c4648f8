/**
 * A bad input: what the user gives, and what the message must say. Each runs as a process of its own in a folder of its own, which is
 * also its home and its place for temporary files, so that whatever it leaves behind is seen.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { vi, type ExpectStatic } from "vitest";
import { runLine } from "../../src/cli/run-line.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** Where a bad input is made: paths that it names are relative to `folder`. */
export interface Place {
  readonly folder: string;
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Changes the bytes of a file that lies there. */
  readonly damage: (path: string, change: (bytes: Buffer) => Uint8Array) => Promise<void>;
  /** Copies the finished run to `run`, with `run/child.onnx` and its certificate. */
  readonly copyRun: () => Promise<void>;
}

export interface BadInput {
  /** What is bad, as a sentence's subject. */
  readonly name: string;
  readonly args: readonly string[];
  /** Parts of the message: what is wrong, where, what to do. */
  readonly says: readonly (string | RegExp)[];
  readonly prepare?: (place: Place) => Promise<unknown>;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** The exit code, where it is not 2: a check that failed is no mistake of the command line's. */
  readonly status?: number;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

/** The command line as a process that others can run beside. */
export function runNestling(args: readonly string[], { cwd, env = {}, uid }: ProcessOptions = {}): Promise<Ended> {
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...env }, ...(cwd && { cwd }), ...(uid && { uid }) };
  return new Promise((settle) => {
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      settle({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}

/** The command line in this process, which is quick: one at a time. What it is run as stays. */
export async function runNestlingHere(
  args: readonly string[],
  { cwd = process.cwd(), env = {} }: ProcessOptions = {},
): Promise<Ended> {
  const [here, variables, exitCode] = [process.cwd(), process.env, process.exitCode];
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    process.chdir(cwd);
    process.env = { ...variables, ...env };
    process.exitCode = 0;
    await runLine(args);
    return { status: process.exitCode, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(here);
    process.env = variables;
    process.exitCode = exitCode;
  }
}

/**
 * Runs a bad input and holds it to the rules: exit code 2, a clear message, no stack, nothing left behind or changed.
 * @param expect the test's own, since many run at once
 */
export async function expectRefused(
  { args, says, prepare, env, uid, status: wanted = 2 }: BadInput,
  finishedRun: string,
  expect: ExpectStatic,
  run: typeof runNestling = runNestling,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "nestling-bad-"));
  try {
    const home = join(folder, "home");
    await mkdir(home);
    await prepare?.(placeIn(folder, finishedRun));
    const before = await snapshot(folder);
    const homes = { HOME: home, TMPDIR: home, XDG_CACHE_HOME: join(home, "cache") };
    const { status, stdout, stderr } = await run(args, {
      cwd: folder,
      env: { ...homes, ...env },
      ...(uid !== undefined && { uid }),
    });
    expect.soft(status, stderr).toBe(wanted);
    if (wanted === 2) expect.soft(stdout).toBe("");
    for (const part of says) expect.soft(stderr).toMatch(part);
    expect.soft(stderr).not.toMatch(/\n {4}at |internal|--debug|node:|undefined|\[object|[^'"]NaN\b/);
    expect.soft(await snapshot(folder)).toEqual(before);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const placeIn = (folder: string, finishedRun: string): Place => ({
  folder,
  async write(path, content) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  },
  async damage(path, change) {
    await writeFile(join(folder, path), change(await readFile(join(folder, path))));
  },
  copyRun: () => cp(finishedRun, join(folder, "run"), { recursive: true }),
});

/** Every path below a folder with its kind, permissions and content's hash. */
export async function snapshot(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const entries = names.map(async (name) => {
    const path = join(folder, name);
    const found = await lstat(path);
    const content = found.isFile()
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : "folder";
    return [name, `${found.mode.toString(8)} ${content}`] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Changes that damage a file. */
export const cutOff = (bytes: Buffer): Uint8Array => bytes.subarray(0, bytes.length * 0.6);
export const flipBit = (bytes: Buffer): Uint8Array =>
  bytes.with(Math.floor(bytes.length * 0.6), bytes[Math.floor(bytes.length * 0.6)]! ^ 4);
/** Another digit after the first place of a key. */
export const changeNumber =
  (key: string) =>
  (bytes: Buffer): Uint8Array =>
    Buffer.from(
      bytes
        .toString()
        .replace(
          new RegExp(`("${key}": )(\\d)`),
          (_, start: string, digit: string) => `${start}${(Number(digit) % 9) + 1}`,
        ),
    );
