/** What lies in a run's folder, checked: its checkpoint's description, its log, its search, its children's certificates. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { checkSeal } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { parseJsonFile, problemsOf, readUserFile } from "../base/user-file.js";
import { checkpointSchema } from "../checkpoint/checkpoint.js";
import { certificateSchema, type Certificate } from "../deploy/certificate.js";
import { searchSchema, type SearchResult } from "../search/search-file.js";
import type { SearchSpace } from "../space/space.js";
import { parseSpace } from "../supernet/spaces.js";
import { readLog, type LogLine } from "../train/log.js";

export interface RunFolder {
  readonly folder: string;
  /** None in a folder that only holds a search (`search --out`). */
  readonly checkpoint: z.output<typeof checkpointSchema> | undefined;
  readonly log: readonly LogLine[];
  readonly search: SearchResult | undefined;
  /** Of the checkpoint, or else of the search. */
  readonly space: SearchSpace;
  readonly children: readonly { readonly path: string; readonly certificate: Certificate }[];
}

/** @throws UserError `report/empty` where nothing of a run lies, `report/file` for a damaged file */
export async function readFolder(folder: string): Promise<RunFolder> {
  const list = (path: string): Promise<string[]> => readdir(path).catch((): string[] => []);
  const names = await list(folder);
  const inChildren = (await list(join(folder, "children"))).sort();
  const trained = (await list(join(folder, "checkpoint"))).includes("checkpoint.json");
  const checkpoint = trained
    ? await readSealed(join(folder, "checkpoint/checkpoint.json"), checkpointSchema)
    : undefined;
  const search = names.includes("search.json")
    ? await readSealed(join(folder, "search.json"), searchSchema)
    : undefined;
  const kept = checkpoint ?? search;
  if (!kept) {
    throw new UserError("report/empty", {
      at: folder,
      got: names.length > 0 ? "no run" : "missing or empty",
      want: "a folder that `nestling train --out` or `nestling search --out` wrote",
      fix: "Train one: nestling train --help shows how.",
    });
  }
  return {
    ...{ folder, checkpoint, search },
    log: await readLog(join(folder, "log.jsonl")),
    space: parseSpace(kept.space, `${folder}: space`),
    children: await Promise.all(
      inChildren
        .filter((name) => name.endsWith(".onnx") && inChildren.includes(name.replace(/\.onnx$/, ".json")))
        .map(async (name) => ({
          path: join(folder, "children", name),
          certificate: await readJson(join(folder, "children", name.replace(/\.onnx$/, ".json")), certificateSchema),
        })),
    ),
  };
}

const readSealed = <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> =>
  readJson(path, schema, (data) => checkSeal(data as object, { at: path, code: "report/file", fix: "make it again." }));

async function readJson<S extends z.ZodType>(
  path: string,
  schema: S,
  check?: (data: unknown) => void,
): Promise<z.output<S>> {
  const fix = "The file is damaged: make it again.";
  const data = parseJsonFile(
    await readUserFile(path, { code: "report/file", want: "a file", fix }),
    path,
    "report/file",
  );
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new UserError("report/file", problemsOf(parsed.error, data, path, fix));
  check?.(data);
  return parsed.data;
}
