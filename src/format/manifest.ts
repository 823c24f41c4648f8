/** `nestling.json` of a deployed folder: what format it is of, and the hash of each file, so that `verify` finds what was changed. */
import { z } from "zod";
import type { DocumentKind } from "../base/document.js";
import { sha256Of } from "../base/hash.js";
import { canonicalSeal, sealed } from "../base/seal.js";
import { version } from "../base/version.js";
import type { FolderFiles, ShippedChild, ShippedFile } from "./format.js";
import { formatNames, type FormatName } from "./formats.js";

export const MANIFEST = "nestling.json";

/** Within the folder. A name may have line breaks. */
const path = z.string().regex(/^(?!\/)(?![\s\S]*(?:^|\/)\.\.(?:\/|$))[\s\S]+$/, "expected a path in the folder");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  nestling: z.string().describe("Version that wrote the folder."),
  kind: z.enum(formatNames).describe("What loads the folder."),
  name: z.string().describe("The name that servers give the model."),
  model: path.describe("Path of the .onnx file."),
  certificate: path.describe("Path of its certificate."),
  others: z
    .array(z.strictObject({ model: path, certificate: path }))
    .optional()
    .describe("The same child's files in other precisions."),
  files: z.record(path, sha256).describe("SHA-256 of every other file, by its path."),
  seal: sha256.describe("SHA-256 of all the rest, as JSON with sorted keys."),
});

export type Manifest = z.output<typeof manifestSchema>;

export const manifestFile: DocumentKind<typeof manifestSchema> = {
  schema: manifestSchema,
  code: "format/manifest",
  fix: "Deploy the child again.",
  want: "a folder that `nestling deploy` wrote, or an .onnx file",
};

export function manifestOf(kind: FormatName, child: ShippedChild, files: FolderFiles): Manifest {
  const pathOf = (content: Uint8Array): string => Object.keys(files).find((path) => files[path] === content)!;
  const pathsOf = ({
    bytes,
    certificateBytes,
  }: ShippedFile): { readonly model: string; readonly certificate: string } => ({
    model: pathOf(bytes),
    certificate: pathOf(certificateBytes),
  });
  return sealed(
    {
      ...{ format: 1 as const, nestling: version, kind, name: child.name },
      ...pathsOf(child),
      ...(child.others.length > 0 && { others: child.others.map(pathsOf) }),
      files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, sha256Of(content)])),
    },
    canonicalSeal,
  );
}
