/** docs/errors.md, generated from the sources: up to date, and every code where its name says. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

/** In a process of its own: the generator is plain JavaScript. */
const { errors, page } = JSON.parse(
  execFileSync(process.execPath, [
    ...["--input-type=module", "-e"],
    'import { errorsPage, userErrors } from "./scripts/errors.mjs"; const errors = userErrors(); console.log(JSON.stringify({ errors, page: errorsPage(errors) }))',
  ]).toString(),
) as { errors: { code: string; file: string; messages: string[] }[]; page: string };

test("docs/errors.md has every error of the sources (npm run docs)", () => {
  expect(readFileSync("docs/errors.md", "utf8")).toBe(page);
});

test("a code is <folder>/<mistake>: a folder of src, or file, and words with hyphens", () => {
  const folders = new Set(["file", ...readdirSync("src")]);
  const wrong = errors.filter(({ code }) => {
    const [, folder] = /^([a-z]+)\/[a-z]+(?:-[a-z]+)*$/.exec(code) ?? [];
    return folder === undefined || !folders.has(folder);
  });
  expect(wrong).toEqual([]);
});

test("every error says what to do", () => {
  expect(errors.length).toBeGreaterThan(50);
  const silent = errors.filter(
    ({ messages }) => messages.length === 0 || messages.some((text) => !/[.…›]$/.test(text)),
  );
  expect(silent).toEqual([]);
});
