/** Shared libraries that are no plugin, or one of which something is wrong: made by a compiler, where there is one. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const noCompiler = !hasCompiler();
/** Put into a test's name where it is skipped. */
export const compilerMissing = noCompiler ? " (skipped: install g++)" : "";

function hasCompiler(): boolean {
  try {
    execFileSync("g++", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** @returns the path of the library */
export function makeLibrary(folder: string, name: string, source: string): string {
  const path = join(folder, `${name}.so`);
  writeFileSync(join(folder, `${name}.cc`), source);
  execFileSync("g++", ["-shared", "-fPIC", "-o", path, join(folder, `${name}.cc`)]);
  return path;
}

interface MadePlugin {
  readonly size?: number;
  readonly major?: number;
  readonly minor?: number;
  /** What it does first. */
  readonly first?: string;
  /** It has one device, with so many bytes of memory. */
  readonly memory?: number;
}

/** Has PJRT's table; each of its functions says that all is well, and does nothing. */
export const makePlugin = (
  folder: string,
  name: string,
  { size = 984, major = 0, minor = 81, first = "", memory }: MadePlugin,
): string =>
  makeLibrary(
    folder,
    name,
    `#include <stdlib.h>
     static long fine(void *) { return 0; }
     static long *devices[1];
     static long deviceList(void *given) { long *args = (long *)given; args[3] = (long)devices; args[4] = 1; return 0; }
     static long memoryStats(void *given) { long *args = (long *)given; args[10] = ${memory ?? 0}; args[11] = 1; return 0; }
     struct { long size, extensions, version[2]; int major, minor; long (*functions[118])(void *); } api;
     extern "C" void *GetPjrtApi() {
       ${first}
       api.size = ${size}; api.major = ${major}; api.minor = ${minor};
       for (auto &function : api.functions) function = fine;
       ${memory === undefined ? "" : "api.functions[16] = deviceList; api.functions[34] = memoryStats;"}
       return &api;
     }`,
  );
