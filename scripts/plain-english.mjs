/**
 * Words that puzzle a native reader, found in comments and strings of the sources and in the documents.
 *
 *   node scripts/plain-english.mjs [path …]     prints every place, or those in files whose path begins so
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** What is found, and what to write instead. */
const rules = [
  [/(?<!\bleaves?(?: \w+){0,2} |\bleft )\bbehind\b/i, "after"],
  [/\bstand(?:s|ing)?\b(?! (?:for|out)\b)/i, "is, or lies"],
  [/\b(?:hold|holds|held|holding)(?: \w+)? against\b/i, "check against, or compare with"],
  [/\b(?:comes?|came) to\b/i, "is, becomes, or amounts to"],
  [/\b(?:takes for an?|taken for)\b/i, "mistakes for"],
  [/\b(?:go|goes|going|went) on\b/i, "resumes, or continues"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\btold\b(?! apart)/i, "says, reports, or is given"],
  [/\bway of the data\b/i, "data flow"],
];
const fragment = [/^Of\b/, "a sentence, not a fragment that begins with Of"];

/** The comments and strings of TypeScript or JavaScript: { line, text }. */
function textsOf(source) {
  const texts = [];
  const file = ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest, true);
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line + 1;
  const seen = new Set();
  const addComments = (ranges) => {
    for (const { pos, end } of ranges ?? []) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      const text = source.slice(pos, end).replace(/^\/\*+|\*\/$|^\/\/|^\s*\* ?/gm, "");
      texts.push({ line: lineOf(pos), text: text.trim() });
    }
  };
  const visit = (node) => {
    addComments(ts.getLeadingCommentRanges(source, node.getFullStart()));
    addComments(ts.getTrailingCommentRanges(source, node.getEnd()));
    if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent))
      texts.push({ line: lineOf(node.getStart()), text: node.text });
    else if (ts.isTemplateExpression(node)) {
      const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)];
      texts.push({ line: lineOf(node.getStart()), text: parts.map(({ text }) => text).join("…") });
    }
    node.getChildren().forEach(visit);
  };
  visit(file);
  return texts;
}

/** A document's paragraphs, without what a page quotes as wrong: *after*, not "behind". */
const paragraphsOf = (markdown) =>
  markdown.split("\n").map((text, index) => ({ line: index + 1, text: text.replace(/not "[^"]*"/g, "") }));

const isCode = (file) => /\.(?:ts|mjs)$/.test(file);

/** Every place that a rule finds: { file, line, found, instead }. */
export function findings(root) {
  const under = (folder, isWanted) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => isWanted(name.replaceAll("\\", "/")))
      .map((name) => `${folder}/${name}`);
  // Generated from the sources.
  const isPage = (name) => name.endsWith(".md") && !["api.md", "errors.md"].includes(name);
  const files = [
    ...under("src", (name) => /\.(?:ts|json)$/.test(name)),
    ...under("test", (name) => name.endsWith(".ts") && name !== "plain-english.test.ts"),
    ...under("scripts", (name) => /\.(?:ts|mjs)$/.test(name) && name !== "plain-english.mjs"),
    ...under("bench", (name) => name.endsWith(".mjs")),
    ...under("docs", isPage),
    ...under("bench", (name) => name.endsWith(".md")),
    ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
  ].sort();
  return files.flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8");
    return (isCode(file) ? wordsIn(source) : wordsOf(paragraphsOf(source), rules)).map((found) => ({ file, ...found }));
  });
}

/** What the rules find in comments and strings of code: { line, found, instead }. */
export const wordsIn = (source) => wordsOf(textsOf(source), [...rules, fragment]);

const wordsOf = (texts, patterns) =>
  texts.flatMap(({ line, text }) =>
    patterns.flatMap(([pattern, instead]) => {
      const [found] = pattern.exec(text) ?? [];
      return found === undefined ? [] : [{ line, found, instead }];
    }),
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2);
  const wanted = findings(".").filter(({ file }) => paths.length === 0 || paths.some((path) => file.startsWith(path)));
  for (const { file, line, found, instead } of wanted) console.log(`${file}:${line}: "${found}": write ${instead}`);
  process.exitCode = wanted.length > 0 ? 1 : 0;
}
