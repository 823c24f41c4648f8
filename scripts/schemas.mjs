/** JSON Schemas and tables of fields, from the zod schemas that validate the files; the table of engines, from what each says of itself. */
import { z } from "zod";
import { checkpointSchema } from "../dist/checkpoint/checkpoint-file.js";
import { packSchema } from "../dist/data/pack/pack-index.js";
import { placeSchema } from "../dist/data/place.js";
import { certificateSchema } from "../dist/deploy/certificate.js";
import { manifestSchema } from "../dist/format/manifest.js";
import { slicesSchema } from "../dist/format/slices/slices-file.js";
import { engines } from "../dist/engine/choose.js";
import { latencyProfileSchema } from "../dist/search/profile/profile-file.js";
import { searchSchema } from "../dist/search/search-file.js";
import { architectureSchema, spaceSchema } from "../dist/supernet/convnet/schema.js";
import { targetsSchema } from "../dist/target/targets-file.js";
import { recipeSchema } from "../dist/train/recipe.js";

const sources = {
  space: spaceSchema,
  architecture: architectureSchema,
  recipe: recipeSchema,
  checkpoint: checkpointSchema,
  search: searchSchema,
  certificate: certificateSchema,
  data: placeSchema,
  pack: packSchema,
  profile: latencyProfileSchema,
  targets: targetsSchema,
  deployed: manifestSchema,
  slices: slicesSchema,
};

const jsonSchema = (schema) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/** Text of each schema's file, by name. */
export const schemas = () =>
  Object.fromEntries(
    Object.entries(sources).map(([name, schema]) => [name, `${JSON.stringify(jsonSchema(schema), null, 2)}\n`]),
  );

/** The generated part of each document, and the marks around it. */
export const documents = () => {
  const marked = (text, name = "fields") => ({ from: `<!-- ${name} -->`, to: `<!-- /${name} -->`, text });
  return {
    "docs/engines.md": marked(tableOfEngines(), "engines"),
    "docs/space-format.md": marked(table(jsonSchema(spaceSchema))),
    "docs/recipe.md": marked(table(jsonSchema(recipeSchema))),
  };
};

function tableOfEngines() {
  const rows = engines.map(({ name, runsOn, install }) => {
    const how = install ? `\`${install}\`` : "nothing: it is in the package";
    return `| \`${name}\` | ${runsOn} | ${how} |`;
  });
  return ["| `--engine` | runs on | to install it |", "|---|---|---|", ...rows].join("\n");
}

function table(schema) {
  const rows = fields(schema, "");
  return [
    "| field | value | default | meaning |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

function fields(schema, path) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (name === "$schema") return [];
    const here = path === "" ? name : `${path}.${name}`;
    const required = schema.required?.includes(name) ? "required" : "";
    const fallback = field.default === undefined ? required : `\`${JSON.stringify(field.default)}\``;
    const own = [`\`${here}\``, kind(field), fallback, (field.description ?? "").replaceAll("|", "\\|")];
    const parts = [field, field.items, ...(field.anyOf ?? field.oneOf ?? [])].filter((part) => part?.properties);
    return [own, ...parts.flatMap((part) => fields(part, part === field.items ? `${here}[]` : here))];
  });
}

function kind(field) {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  const options = field.anyOf ?? field.oneOf;
  if (options) return options.map(kind).join(" or ");
  if (field.prefixItems) return `[${field.prefixItems.map(kind).join(", ")}]`;
  if (field.type === "array") return `list of ${kind(field.items)}`;
  const limits = [
    ["minimum", "≥"],
    ["exclusiveMinimum", ">"],
    ["maximum", "≤"],
    ["exclusiveMaximum", "<"],
  ]
    .filter(([key]) => field[key] !== undefined && Math.abs(field[key]) < Number.MAX_SAFE_INTEGER)
    .map(([key, sign]) => `${sign} ${field[key]}`);
  return [field.type ?? "any", limits.join(", ")].filter(Boolean).join(" ");
}
