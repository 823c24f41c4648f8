/**
 * Compiled programs on disk. A large space takes minutes to compile, and where a plugin chooses kernels by timing them, a run that is
 * resumed with the kernels of before has the same bits.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { temporaryOf } from "../../../base/atomic-file.js";
import { cacheFolder } from "../../../base/user-folders.js";
import type { StableProgram } from "../stablehlo/program.js";

/** Beyond this, the programs that were used the longest ago go. */
const MOST_BYTES = 2e9;

const HASH_BYTES = 32;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

const programsFolder = (): string => join(cacheFolder(), "pjrt-programs");

export interface ProgramCache {
  /** A compiled program as it was put there. */
  get(program: StableProgram): Uint8Array | undefined;
  /** A disk that can't be written costs only time. */
  put(program: StableProgram, compiled: Uint8Array): void;
}

/** @param compiler what decides what a program is compiled to: plugin, its version, device, options */
export function programCache(compiler: readonly string[]): ProgramCache {
  // Flags are read by the plugin itself. A program for a CPU may use all that this one can do.
  const decisive = [...compiler, process.env["XLA_FLAGS"] ?? "", cpus()[0]?.model ?? ""];
  const pathOf = ({ text }: StableProgram): string =>
    join(programsFolder(), sha256(Buffer.from(JSON.stringify([...decisive, text]))).toString("hex"));
  return {
    get(program) {
      try {
        const path = pathOf(program);
        const file = readFileSync(path);
        const compiled = file.subarray(HASH_BYTES);
        // A plugin may end the process over bytes that aren't its own.
        if (!sha256(compiled).equals(file.subarray(0, HASH_BYTES))) return undefined;
        const now = new Date();
        utimesSync(path, now, now);
        return compiled;
      } catch {
        return undefined;
      }
    },
    put(program, compiled) {
      const path = pathOf(program);
      const temporary = temporaryOf(path);
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(temporary, Buffer.concat([sha256(compiled), compiled]));
        renameSync(temporary, path);
        keepBelow(MOST_BYTES);
      } catch {
        rmSync(temporary, { force: true });
      }
    },
  };
}

function keepBelow(most: number): void {
  const files = readdirSync(programsFolder())
    .map((name) => join(programsFolder(), name))
    .map((path) => ({ path, ...sizeAndUse(path) }))
    .sort((one, other) => other.used - one.used);
  let bytes = 0;
  for (const { path, size } of files) {
    bytes += size;
    if (bytes > most) rmSync(path, { force: true });
  }
}

function sizeAndUse(path: string): { readonly size: number; readonly used: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, used: mtimeMs };
}
