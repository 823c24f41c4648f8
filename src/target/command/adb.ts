/** A phone over adb, with a benchmark program that the user names: the target `command`, filled in. */
import { basename } from "node:path";
import type { CommandOptions } from "./command-target.js";

/** A phone and the program that runs there. */
export interface AdbOptions {
  /** As `adb devices` lists it. */
  readonly serial: string;
  /** onnxruntime_perf_test, built for the phone: a file on this machine. */
  readonly program: string;
  /** Files beside it, `libonnxruntime.so` for example. */
  readonly libraries?: readonly string[] | undefined;
  /** onnxruntime_perf_test's intra-op threads; 1 by default. */
  readonly threads?: number | undefined;
  /** A processor mask for `taskset`, in hexadecimal: `f0` is often the fast cores. */
  readonly cores?: string | undefined;
}

/** Where phones let programs be run. */
const PLACE = "/data/local/tmp/nestling";

/** The commands that copy, run and remove on the phone. */
export function adbCommands({ serial, program, libraries = [], threads = 1, cores }: AdbOptions): CommandOptions {
  const adb = (...args: readonly string[]): string[] => ["adb", "-s", serial, ...args];
  const pinned = cores === undefined ? "" : `taskset ${cores} `;
  const perfTest = `./${basename(program)} -e cpu -x ${threads} -I -m times -r {runs} -f batch_size:1 {model}`;
  return {
    prepare: [
      adb("shell", `mkdir -p ${PLACE}`),
      ...[program, ...libraries].map((file) => adb("push", file, `${PLACE}/${basename(file)}`)),
      adb("shell", `chmod 755 ${PLACE}/${basename(program)}`),
    ],
    place: PLACE,
    copy: adb("push", "{file}", "{model}"),
    run: adb("shell", `cd ${PLACE} && LD_LIBRARY_PATH=. ${pinned}${perfTest}`),
    remove: adb("shell", "rm -f {model}"),
    reads: "onnxruntime_perf_test",
    device: `phone ${serial} over adb`,
  };
}
