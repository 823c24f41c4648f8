/** nestling.targets.json: the devices of a project, by name. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { readDocument, type DocumentKind } from "../base/document.js";
import { targetKinds, targetSchema, type TargetDescription } from "./kinds.js";

/** Its name. It lies in the folder where nestling is called, or in one above. */
export const TARGETS_FILE = "nestling.targets.json";

/** The file. A name may not look like a target that is written out. */
export const targetsSchema = z.strictObject({
  $schema: z.string().optional(),
  targets: z.record(
    z
      .string()
      .regex(/^[A-Za-z][\w.-]*$/, "a name of letters, digits, . _ -")
      .refine((name) => !Object.hasOwn(targetKinds, name), "another name than a kind of target has"),
    targetSchema,
  ),
});

const targetsFile: DocumentKind<typeof targetsSchema> = {
  schema: targetsSchema,
  code: "target/file",
  want: "the targets by name",
  fix: "docs/targets.md has an example of every kind.",
};

/** The targets that are named. */
export interface NamedTargets {
  /** The file; undefined where there is none. */
  readonly path: string | undefined;
  readonly targets: Readonly<Record<string, TargetDescription>>;
}

/**
 * Reads the nearest nestling.targets.json, of this folder or above.
 * @throws UserError `target/file`
 */
export async function namedTargets(folder = process.cwd()): Promise<NamedTargets> {
  const path = await nearest(resolve(folder));
  if (path === undefined) return { path, targets: {} };
  const { targets } = await readDocument(path, targetsFile);
  const found = Object.entries(targets).map(([name, one]) => [name, withFiles(one, dirname(path))] as const);
  return { path, targets: Object.fromEntries(found) };
}

/** Its files as they are found from any folder. */
function withFiles(description: TargetDescription, folder: string): TargetDescription {
  const files: readonly string[] = targetKinds[description.kind].files ?? [];
  const foundFrom = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(foundFrom) : resolve(folder, value as string);
  const found = Object.entries(description).map(([key, value]) => [
    key,
    files.includes(key) ? foundFrom(value) : (value as unknown),
  ]);
  return Object.fromEntries(found) as TargetDescription;
}

async function nearest(folder: string): Promise<string | undefined> {
  const path = join(folder, TARGETS_FILE);
  if (await stat(path).catch(() => undefined)) return path;
  const above = dirname(folder);
  return above === folder ? undefined : nearest(above);
}
