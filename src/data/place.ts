/**
 * RUN/data.json: where a run's data set was when it was last trained. A place is no part of what a run is, its data's fingerprint is: so a
 * run resumes with a data set that was moved or is spelled otherwise, and no file that ships says where it was.
 */
import { access } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../base/atomic-file.js";
import { readDocumentIfAny, type DocumentKind } from "../base/document.js";
import { UserError } from "../base/user-error.js";
import { placeOf, sourceParts } from "./load.js";

export const placeSchema = z.strictObject({
  format: z.literal(1),
  source: z.string().describe("The data set as --data takes it, its folder from the root of the disk."),
  fromRun: z.string().optional().describe("The same, its folder from the run's: both may have moved together."),
  leftOut: z
    .array(z.string())
    .default([])
    .describe("Pictures that can't be read, by their place in the data set: train --skip-broken left them out."),
});

const placeFile: DocumentKind<typeof placeSchema> = {
  schema: placeSchema,
  code: "data/place",
  fix: "Remove it, and say where the data set is: --data.",
  want: "the place of the run's data set",
};

const fileIn = (run: string): string => join(run, "data.json");

/**
 * @param source as --data takes it
 * @param leftOut pictures that the run does without
 */
export async function writePlace(run: string, source: string, leftOut: readonly string[]): Promise<void> {
  const place = await placeOf(source);
  const { kind, folder } = sourceParts(place);
  const fromRun = folder === undefined ? {} : { fromRun: sourceFrom(kind, relative(resolve(run), folder)) };
  await writeJsonAtomic(fileIn(run), { format: 1, source: place, ...fromRun, ...(leftOut.length > 0 && { leftOut }) });
}

/** Pictures that a run does without, by their place in its data set. @throws UserError `data/place` */
export const leftOutOf = async (run: string): Promise<readonly string[]> =>
  (await readDocumentIfAny(fileIn(run), placeFile))?.leftOut ?? [];

/**
 * Where a run's data set is now.
 * @param named what the checkpoint calls it: its place, where there is no data.json
 * @throws UserError `data/moved` where it is not where it was, `data/place`
 */
export async function findPlace(run: string, named: string): Promise<string> {
  const kept = await readDocumentIfAny(fileIn(run), placeFile);
  if (!kept) return named;
  const { kind, folder } = sourceParts(kept.fromRun ?? "");
  const moved = folder === undefined ? [] : [sourceFrom(kind, resolve(run, folder))];
  for (const source of [kept.source, ...moved]) {
    const place = sourceParts(source).folder;
    if (place === undefined || (await exists(place))) return source;
  }
  throw new UserError("data/moved", {
    at: `the data set of ${run}`,
    got: `no longer at ${kept.source}`,
    want: "the images that the run was trained on",
    fix: "Say where they are now: --data FOLDER.",
  });
}

const sourceFrom = (kind: string | undefined, folder: string): string =>
  kind === undefined ? folder : `${kind}:${folder}`;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
