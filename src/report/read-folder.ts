/** What lies in a run's folder, checked: its checkpoint's description, its log, its search, its children's certificates. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { readDocument, type DocumentKind } from "../base/document.js";
import { canonicalSeal } from "../base/seal.js";
import { UserError } from "../base/user-error.js";
import { checkpointFile, type CheckpointFile } from "../checkpoint/checkpoint-file.js";
import { certificateFile, certificatePath, type Certificate } from "../deploy/certificate.js";
import { searchFile, type SearchResult } from "../search/search-file.js";
import type { SearchSpace } from "../space/space.js";
import { parseSpace } from "../supernet/spaces.js";
import { readLog, type LogLine } from "../train/log.js";

export interface RunFolder {
  readonly folder: string;
  /** None in a folder that only holds a search (`search --out`). */
  readonly checkpoint: CheckpointFile | undefined;
  readonly log: readonly LogLine[];
  readonly search: SearchResult | undefined;
  /** The checkpoint's space, or else the search's. */
  readonly space: SearchSpace;
  readonly children: readonly { readonly path: string; readonly certificate: Certificate }[];
}

/** @throws UserError `report/empty` where nothing of a run lies, `report/file` for a damaged file */
export async function readFolder(folder: string): Promise<RunFolder> {
  const list = (path: string): Promise<string[]> => readdir(path).catch((): string[] => []);
  const names = await list(folder);
  const inChildren = (await list(join(folder, "children"))).sort();
  const trained = (await list(join(folder, "checkpoint"))).includes("checkpoint.json");
  const checkpoint = trained ? await read(join(folder, "checkpoint/checkpoint.json"), checkpointFile) : undefined;
  const search = names.includes("search.json") ? await read(join(folder, "search.json"), searchFile) : undefined;
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
    folder,
    checkpoint,
    search,
    log: await readLog(join(folder, "log.jsonl")),
    space: parseSpace(kept.space, `${folder}: space`),
    children: await Promise.all(
      inChildren
        .filter((name) => name.endsWith(".onnx") && inChildren.includes(name.replace(/\.onnx$/, ".json")))
        .map(async (name) => {
          const path = join(folder, "children", name);
          return { path, certificate: await read(certificatePath(path), { ...certificateFile, seal: canonicalSeal }) };
        }),
    ),
  };
}

/** A report has no other use for a damaged file than to name it. */
const read = <S extends z.ZodType>(path: string, kind: DocumentKind<S>): Promise<z.output<S>> =>
  readDocument(path, {
    ...kind,
    code: "report/file",
    fix: "The file is damaged: make it again.",
    want: "a file",
    unreadable: {},
  });
