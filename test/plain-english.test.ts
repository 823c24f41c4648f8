/** Words that puzzle a native reader are in no comment, string or page (scripts/plain-english.mjs has the list). */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** In a process of its own: the checker is plain JavaScript. */
const inChecker = (code: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [
      ...["--input-type=module", "-e"],
      `import { findings, wordsIn } from "./scripts/plain-english.mjs"; console.log(JSON.stringify(${code}))`,
    ]).toString(),
  );

test("comments, strings and pages are in plain English: node scripts/plain-english.mjs lists what is not", () => {
  expect(inChecker('findings(".")')).toEqual([]);
});

test.each([
  ["a docstring", "/** Of the model. */ export const a = 1;", ["Of"]],
  ["a comment in a function", "function f() {\n  // It stands behind the norm.\n}", ["behind", "stands"]],
  ["a string", 'const a = { fix: "Mend it." };', ["Mend"]],
  ["a template", "const a = `${b} is held against ${c}`;", ["held against"]],
  ["names, imports and what is right", 'import a from "./behind"; const told = a; // nothing is left behind', []],
])("the words are found in %s", (_, code, words) => {
  expect(inChecker(`wordsIn(${JSON.stringify(code)}).map(({ found }) => found)`)).toEqual(words);
});
