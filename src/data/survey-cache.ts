/**
 * Surveys of sources whose files have not changed since: what `train` has read once, `search`, `export` and `verify` need not read again.
 * A file counts as unchanged by its place, its size and its time of change.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../base/atomic-file.js";
import { inParallel } from "../base/in-parallel.js";
import { cacheFolder } from "../base/user-folders.js";
import { rulesHash } from "./preprocessing.js";
import type { Entry } from "./sources/listing.js";
import type { Survey } from "./survey.js";

/** To be raised where the same pixels give another survey. */
const FORMAT = 1;

const schema = z.strictObject({
  fingerprint: z.string(),
  mean: z.array(z.number()),
  std: z.array(z.number()),
  doubled: z.array(z.string()),
});

/** A survey, and what to say of doubled pictures. */
export interface KnownSurvey extends Survey {
  readonly doubled: readonly string[];
}

/** What the pictures are brought to. */
interface Wanted {
  readonly size: number;
  readonly channels: 1 | 3;
}

/** @returns undefined where an entry can't say whether it has changed */
export async function surveyKey(
  { size, channels }: Wanted,
  parts: Readonly<Record<"train" | "test", readonly Entry[]>>,
  validation: number,
): Promise<string | undefined> {
  const hash = createHash("sha256").update(JSON.stringify([FORMAT, rulesHash(channels), size, channels, validation]));
  for (const entries of [parts.train, parts.test]) {
    const stamps = Array<string | undefined>(entries.length);
    await inParallel(entries.length, async (i) => {
      // A file that has gone is found when it is read.
      stamps[i] = await entries[i]!.stamp?.().catch(() => undefined);
    });
    if (stamps.includes(undefined)) return undefined;
    entries.forEach(({ at, label }, i) => hash.update(JSON.stringify([resolve(at), label, stamps[i]])));
    hash.update(`${entries.length}`);
  }
  return hash.digest("hex");
}

const fileOf = (key: string): string => join(cacheFolder(), "surveys", `${key}.json`);

/** Undefined where there is none: a cache that can't be read is none. */
export async function knownSurvey(key: string): Promise<KnownSurvey | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(fileOf(key), "utf8")));
  } catch {
    return undefined;
  }
}

/** Where it can't be kept, the pictures are read again. */
export async function keepSurvey(key: string, { fingerprint, mean, std, doubled }: KnownSurvey): Promise<void> {
  await writeJsonAtomic(fileOf(key), { fingerprint, mean, std, doubled }).catch(() => undefined);
}
