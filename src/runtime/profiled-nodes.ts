/** Which nodes onnxruntime runs for a model, and by which provider: from the profile that it writes of a run. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { openSession, type SessionOptions } from "./session.js";

const profile = z.array(
  z.looseObject({
    cat: z.string().optional(),
    name: z.string().optional(),
    args: z.looseObject({ provider: z.string().optional(), op_name: z.string().optional() }).optional(),
  }),
);

/**
 * Loads the model, runs it once on zeros, and releases it.
 * @returns each node's provider (`CPUExecutionProvider`) and operator, in the order of the run
 * @throws UserError `runtime/model`
 */
export async function profiledNodes(
  bytes: Uint8Array,
  dims: readonly number[],
  options: SessionOptions,
): Promise<(readonly [provider: string, operator: string])[]> {
  const folder = await mkdtemp(join(tmpdir(), "nestling-"));
  try {
    const session = await openSession(bytes, { ...options, profile: join(folder, "profile") });
    try {
      await session.run(new Float32Array(dims.reduce((product, size) => product * size, 1)), dims);
      session.endProfiling();
    } finally {
      await session.release();
    }
    const [file] = await readdir(folder);
    const events = profile.parse(JSON.parse(await readFile(join(folder, file!), "utf8")));
    return events.flatMap(({ cat, name, args }) =>
      cat === "Node" && name?.endsWith("_kernel_time") && args?.provider && args.op_name
        ? [[args.provider, args.op_name] as const]
        : [],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
