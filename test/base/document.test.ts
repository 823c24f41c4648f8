import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { readDocument, readDocumentIfAny, type DocumentKind } from "../../src/base/document.js";
import { orderedSeal, sealed } from "../../src/base/seal.js";
import { UserError } from "../../src/base/user-error.js";
import { temporaryFolder } from "../temporary-folder.js";

const schema = z.strictObject({ sizes: z.array(z.number()), name: z.string().default("none"), sha256: z.string() });
const kind: DocumentKind<typeof schema> = {
  schema,
  code: "x/corrupt",
  fix: "Make it again.",
  want: "a list of sizes",
  unreadable: { code: "x/missing", fix: "Give a path." },
  seal: orderedSeal,
};

async function written(text: string): Promise<string> {
  const path = join(await temporaryFolder(), "file.json");
  await writeFile(path, text);
  return path;
}

const failure = (reading: Promise<unknown>): Promise<UserError> =>
  reading.then(
    () => expect.fail("it was read"),
    (error: unknown) => error as UserError,
  );

test("a sealed file is read, and its schema's defaults don't break the seal", async () => {
  const path = await written(JSON.stringify(sealed({ sizes: [1, 2] }, orderedSeal)));
  expect(await readDocument(path, kind)).toMatchObject({ sizes: [1, 2], name: "none" });
});

test("a missing file is one where it may be missing, and a mistake with its own code where not", async () => {
  const path = join(await temporaryFolder(), "none.json");
  expect(await readDocumentIfAny(path, kind)).toBeUndefined();
  const { code, message } = await failure(readDocument(path, kind));
  expect([code, message]).toEqual(["x/missing", `${path} is missing; want a list of sizes. Give a path.`]);
});

test("a folder is no missing file", async () => {
  const path = join(await temporaryFolder(), "file.json");
  await mkdir(path);
  expect((await failure(readDocumentIfAny(path, kind))).message).toContain("file.json is a folder");
});

test("what is no JSON, against the schema, or changed is a mistake in the content, with its place", async () => {
  const bad: [text: string, says: string][] = [
    ["{", "is not JSON; want one JSON value. Fix it: "],
    ['{"sizes": [1, "2"], "sha256": 3}', 'file.json: sizes[1] is "2"; want number. Make it again.'],
    ['{"sizes": [1, "2"], "sha256": 3}', "file.json: sha256 is 3; want string. Make it again."],
    ['{"sizes": [1, -1e400], "sha256": ""}', "file.json: sizes[1] is a number beyond ±1.80e+308; want number"],
    [JSON.stringify({ ...sealed({ sizes: [1] }, orderedSeal), sizes: [2] }), "is changed since it was written"],
  ];
  for (const [text, says] of bad) {
    const { code, message } = await failure(readDocument(await written(text), kind));
    expect(code).toBe("x/corrupt");
    expect(message).toContain(says);
  }
});

test("JSON nested deeper than can be written again is refused like any other", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  for (const text of [deep, `{"sizes": ${deep}, "sha256": ""}`]) {
    const { code, message } = await failure(readDocument(await written(text), kind));
    expect([code, message]).toEqual(["x/corrupt", expect.stringContaining("is deeply nested JSON; want")]);
  }
});
