import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

/** In a process of its own: the generator is plain JavaScript over dist. */
const generated = JSON.parse(
  execFileSync(process.execPath, [
    ...["--input-type=module", "-e"],
    'import { schemas, documents } from "./scripts/schemas.mjs"; console.log(JSON.stringify({ schemas: schemas(), documents: documents() }))',
  ]).toString(),
) as { schemas: Record<string, string>; documents: Record<string, { text: string }> };

test("the committed JSON Schemas are those that validate (npm run schemas)", () => {
  expect(readdirSync("schemas").sort()).toEqual(
    Object.keys(generated.schemas)
      .map((name) => `${name}.schema.json`)
      .sort(),
  );
  for (const [name, text] of Object.entries(generated.schemas)) {
    expect(readFileSync(`schemas/${name}.schema.json`, "utf8")).toBe(text);
  }
});

test("the documents have every field of the schemas (npm run schemas)", () => {
  for (const [path, { text }] of Object.entries(generated.documents)) {
    const squeezed = (whole: string): string =>
      whole.replace(/ +/g, " ").replace(/-+/g, "-").replace(/\| -/g, "|-").replace(/- \|/g, "-|");
    expect(squeezed(readFileSync(path, "utf8"))).toContain(squeezed(text));
  }
});
