/** docs/errors.md, from the sources: every code of a UserError, and the messages that it comes with. */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const configFile = join(root, "tsconfig.build.json");
const { fileNames, options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(configFile, ts.sys.readFile).config,
  ts.sys,
  dirname(configFile),
);

/** Every place that names a code: { code, file, messages }. A code is a string literal where an `ErrorCode` is expected. */
export function userErrors() {
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const errorCode = errorCodeType(program, checker);
  const isCode = (node) => {
    if (!ts.isStringLiteral(node)) return false;
    const wanted = checker.getContextualType(node);
    return wanted === errorCode || (wanted?.isUnion() === true && wanted.types.includes(errorCode));
  };
  return program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(join(root, "src")))
    .flatMap((source) => {
      const codes = everyNode(source).filter(isCode);
      const file = relative(root, source.fileName);
      return codes.map((node) => ({ code: node.text, file, messages: messagesFor(node, source, program) }));
    });
}

function errorCodeType(program, checker) {
  const source = program.getSourceFile(join(root, "src/base/user-error.ts"));
  const symbol = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .find(({ name }) => name === "ErrorCode");
  return checker.getDeclaredTypeOfSymbol(symbol);
}

function everyNode(top) {
  const nodes = [];
  const visit = (node) => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(top);
  return nodes;
}

/** The messages of a code, as `<at> is <got>; want <want>. <fix>` with ‹names› for what is known at run time alone. */
function messagesFor(node, source, program) {
  const checker = program.getTypeChecker();
  const text = (expression) => textOf(expression, checker);
  const { parent } = node;
  if (ts.isNewExpression(parent)) {
    const [, problems] = parent.arguments;
    if (ts.isObjectLiteralExpression(problems)) return [message(fieldsOf(problems), text)];
    // A list that was gathered before: the problems that this file makes, else those of its folder.
    const own = problemsIn(source);
    const folder = `${dirname(source.fileName)}/`;
    const near = () =>
      program
        .getSourceFiles()
        .filter(({ fileName }) => fileName.startsWith(folder))
        .flatMap(problemsIn);
    return (own.length > 0 ? own : near()).map((fields) => message(fields, text));
  }
  if (ts.isPropertyAssignment(parent)) {
    // A code in `{ unreadable: { code } }` shares the other fields of the object around it.
    const own = fieldsOf(parent.parent);
    const around = parent.parent.parent?.parent;
    const outer = around && ts.isObjectLiteralExpression(around) ? fieldsOf(around) : {};
    return [message({ ...outer, ...own }, text)];
  }
  if (ts.isCallExpression(parent)) {
    const names = checker.getResolvedSignature(parent).parameters.map(({ name }) => name);
    return [message(Object.fromEntries(parent.arguments.map((argument, i) => [names[i], argument])), text)];
  }
  return [];
}

/** Problems that are not made where they are thrown. */
const problemsIn = (source) =>
  everyNode(source)
    .filter((node) => ts.isObjectLiteralExpression(node) && !ts.isNewExpression(node.parent))
    .map(fieldsOf)
    .filter(({ code, want, fix }) => !code && want && fix);

/** The values of an object literal's properties, as expressions; a shorthand gives what it names. */
function fieldsOf(object) {
  const entries = object.properties.flatMap((property) => {
    if (ts.isPropertyAssignment(property)) return [[property.name.getText(), property.initializer]];
    if (ts.isShorthandPropertyAssignment(property)) return [[property.name.text, property]];
    return [];
  });
  return Object.fromEntries(entries);
}

function message({ at, got, want, fix }, text) {
  const place = at ? text(at) : "‹place›";
  const way = fix ? text(fix) : "";
  if (!want) return `${place}: ${way}`;
  const found = got ? text(got) : at ? undefined : "‹what was found›";
  return `${place}${found === undefined ? ":" : ` is ${found};`} want ${text(want)}. ${way}`;
}

/** An expression as text: literals as they are, constants by their value, everything else as ‹its name›. */
function textOf(node, checker) {
  const inner = (expression) => textOf(expression, checker);
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return (
      node.head.text + node.templateSpans.map(({ expression, literal }) => inner(expression) + literal.text).join("")
    );
  if (ts.isConditionalExpression(node)) {
    const [yes, no] = [inner(node.whenTrue), inner(node.whenFalse)];
    return yes === "" || no === "" ? yes + no : `${yes} / ${no}`;
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return inner(node.left) + inner(node.right);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return inner(node.expression);
  if (ts.isIdentifier(node) || ts.isShorthandPropertyAssignment(node)) return nameOrValue(node, checker);
  if (ts.isPropertyAccessExpression(node)) return `‹${node.name.text}›`;
  if (ts.isCallExpression(node)) return called(node, checker);
  return "…";
}

/** A call as text: of a method, what it is called on; of JSON.stringify and the like, its argument; of our own function, what it returns. */
function called({ expression, arguments: [argument] }, checker) {
  const inner = (node) => textOf(node, checker);
  if (ts.isPropertyAccessExpression(expression)) {
    const { expression: target } = expression;
    const isGlobal = ts.isIdentifier(target) && ["JSON", "Object", "Math"].includes(target.text);
    return inner(isGlobal && argument ? argument : target);
  }
  const declaration = checker.getSymbolAtLocation(expression)?.valueDeclaration;
  const body = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer?.body : undefined;
  return body && !ts.isBlock(body) ? inner(body) : "…";
}

function nameOrValue(node, checker) {
  const name = ts.isIdentifier(node) ? node.text : node.name.text;
  const symbol = ts.isIdentifier(node)
    ? checker.getSymbolAtLocation(node)
    : checker.getShorthandAssignmentValueSymbol(node);
  const actual = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = actual?.valueDeclaration;
  const value = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  if (value && (ts.isStringLiteralLike(value) || ts.isTemplateExpression(value) || ts.isConditionalExpression(value)))
    return textOf(value, checker);
  return `‹${name}›`;
}

/** docs/errors.md. */
export function errorsPage(errors = userErrors()) {
  const byCode = grouped(errors);
  const sections = [...byCode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, places]) => {
      const files = [...new Set(places.map(({ file }) => `\`${file}\``))].sort().join(", ");
      const messages = [...new Set(places.flatMap(({ messages }) => messages))].sort();
      return [`## ${code}`, "", `In ${files}.`, "", ...messages.map((text) => `- ${escaped(text)}`)].join("\n");
    });
  return `${introduction}\n\n${sections.join("\n\n")}\n`;
}

function grouped(errors) {
  const groups = new Map();
  for (const error of errors) groups.set(error.code, [...(groups.get(error.code) ?? []), error]);
  return groups;
}

const escaped = (text) =>
  text.replaceAll("\n", " ").replaceAll("<", "&lt;").replaceAll("*", "\\*").replaceAll("_", "\\_");

const introduction = `# Errors

This page is generated from the sources by \`npm run docs\`.

A mistake that you can fix is a \`UserError\` with a stable code, \`<folder>/<mistake>\`. The command line prints it as
\`<where> is <what was found>; want <what would be right>. <what to do>\` and exits with 2. In a program, catch it and read its
\`code\` and its \`problems\`. Words in ‹…› stand for what is known at run time alone; a / separates alternatives.`;
