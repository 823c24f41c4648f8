/** Writes schemas/*.schema.json and docs/space-format.md, docs/recipe.md's table from the schemas that validate. Run by npm run schemas. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { documents, schemas } from "./schemas.mjs";

await mkdir("schemas", { recursive: true });
for (const [name, text] of Object.entries(schemas())) await writeFile(`schemas/${name}.schema.json`, text);
for (const [path, { from, to, text }] of Object.entries(documents())) {
  const whole = await readFile(path, "utf8");
  const [start, end] = [whole.indexOf(from) + from.length, whole.indexOf(to)];
  const next = `${whole.slice(0, start)}\n\n${text}\n${whole.slice(end)}`;
  await writeFile(path, await format(next, { parser: "markdown", printWidth: 120 }));
}
