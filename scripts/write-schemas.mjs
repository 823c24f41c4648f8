/** Writes schemas/*.schema.json and the generated tables of docs/ (schemas.mjs). Run by npm run schemas. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { documents, schemas } from "./schemas.mjs";

await mkdir("schemas", { recursive: true });
for (const [name, text] of Object.entries(schemas())) await writeFile(`schemas/${name}.schema.json`, text);
for (const [path, { from, to, text }] of Object.entries(documents())) {
  const whole = await readFile(path, "utf8");
  const [start, end] = [whole.indexOf(from) + from.length, whole.indexOf(to)];
  const table = await format(text, { parser: "markdown", printWidth: 120 });
  await writeFile(path, `${whole.slice(0, start)}\n\n${table}\n${whole.slice(end)}`);
}
