/** The Python judges as a function: files in, what each engine makes of them out. `npm run judges` installs them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const python = resolve(import.meta.dirname, "../../.venv-judges/bin/python");

/** Put into a test's name where it is skipped. */
export const missing = existsSync(python) ? "" : " (skipped: run npm run judges)";

/** One file and the images to run it on, NCHW. */
export interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly input: Float32Array;
  readonly dims: readonly number[];
}

/** Logits in one flat list, a shape from those that run nothing, or what went wrong. */
export type Verdict = readonly (number | string)[] | { readonly error: string };

/**
 * Asks every judge about every case, in one Python process; writes into the folder.
 * @param layers whether "OpenVINO's layers" are asked for, too: the numbers that it computes each layer in
 */
export async function judge(
  cases: readonly Case[],
  folder: string,
  { layers = false }: { readonly layers?: boolean } = {},
): Promise<Record<string, Verdict>[]> {
  const asked = await Promise.all(
    cases.map(async ({ bytes, input, dims }, i) => {
      const [file, images] = [join(folder, `${i}.onnx`), join(folder, `${i}.f32`)];
      await writeFile(file, bytes);
      await writeFile(images, input);
      return { file, input: images, dims, layers };
    }),
  );
  const running = promisify(execFile)(python, [join(import.meta.dirname, "judge.py")], { maxBuffer: 2 ** 28 });
  running.child.stdin!.end(JSON.stringify(asked));
  const { stdout } = await running;
  return JSON.parse(stdout) as Record<string, Verdict>[];
}
