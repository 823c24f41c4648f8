/**
 * onnxruntime-node, loaded when it is first needed. Where npm has left it out, because its install script failed, it is fetched then: a user
 * has nothing to type, and the rest of nestling works without it.
 */
import "./no-telemetry.js";
import { createRequire } from "node:module";
import { UserError } from "../base/user-error.js";
import { locateOnnxruntime, ONNXRUNTIME, onnxruntimeWanted } from "../install/onnxruntime-package.js";

export type Onnxruntime = typeof import("onnxruntime-node");

let loaded: Onnxruntime | undefined;
let fetching: Promise<Onnxruntime> | undefined;

/**
 * Fetches it where it is missing.
 * @throws UserError `runtime/onnxruntime` where it can't be fetched or loaded
 */
export async function onnxruntime(): Promise<Onnxruntime> {
  return onnxruntimeHere() ?? (fetching ??= fetched().finally(() => (fetching = undefined)));
}

/**
 * Fetches nothing: undefined where it is missing.
 * @throws UserError `runtime/onnxruntime` where it can't be loaded
 */
export function onnxruntimeHere(): Onnxruntime | undefined {
  if (loaded) return loaded;
  const folder = locateOnnxruntime();
  if (folder === undefined) return undefined;
  try {
    return (loaded = createRequire(import.meta.url)(folder) as Onnxruntime);
  } catch (error) {
    const got = `not loadable from ${folder} (${firstLine(error)})`;
    const fix =
      "Its builds are for Linux with glibc 2.28 or newer, macOS on ARM, and Windows. A damaged one: remove that folder.";
    throw new UserError(
      "runtime/onnxruntime",
      { at: ONNXRUNTIME, got, want: "a build for this machine", fix },
      { cause: error },
    );
  }
}

/** @throws UserError `runtime/onnxruntime` where it is missing, or can't be loaded */
export function needOnnxruntime(): Onnxruntime {
  const here = onnxruntimeHere();
  if (!here) throw missing("missing");
  return here;
}

async function fetched(): Promise<Onnxruntime> {
  const { installOnnxruntime } = await import("../install/install-onnxruntime.js");
  const why = "npm has left it out, as it does where its install script fails";
  await installOnnxruntime({
    onNote: (line) => process.stderr.write(`nestling: ${line}; ${why}\n`),
  }).catch((error: unknown) => {
    const said = error instanceof UserError ? (error.problems[0]!.got ?? error.problems[0]!.want) : firstLine(error);
    throw missing(`missing, and fetching it by npm failed (${said})`, error);
  });
  return needOnnxruntime();
}

const missing = (got: string, cause?: unknown): UserError =>
  new UserError(
    "runtime/onnxruntime",
    {
      at: ONNXRUNTIME,
      got,
      want: `version ${onnxruntimeWanted}, which npm leaves out of an install where its install script fails`,
      fix: "Run `nestling engine install onnxruntime` where npm's registry can be reached.",
    },
    { cause },
  );

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0]!;
