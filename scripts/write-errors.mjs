/** Writes docs/errors.md. Run by npm run docs. */
import { writeFile } from "node:fs/promises";
import { errorsPage } from "./errors.mjs";

await writeFile("docs/errors.md", errorsPage());
