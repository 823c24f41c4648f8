/**
 * What an agent refuses before onnxruntime sees it: files that name other files, and operators that are not onnxruntime's own. It looks at
 * the wire format, so that every part that onnxruntime would merge is checked, whatever the order and however often it comes.
 */
import { UserError } from "../../base/user-error.js";
import { WireError, wireFields } from "../../onnx/wire.js";

/** onnxruntime's own operators; of `com.microsoft` all but those that open files. */
const domains = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"]);
/** Its attribute names a file. */
const operatorsOfFiles = new Set(["EPContext"]);
const EXTERNAL = 1;
/** Graphs within graphs; protobuf's own reader stops at 100 messages. */
const DEEPEST = 30;

type Check = (bytes: Uint8Array, depth: number) => void;
/** Fields that are messages to look into, and what each is checked by. */
type Parts = Readonly<Record<number, Check>>;

/** @throws UserError `target/refused` for a model that an agent does not load */
export function checkModel(bytes: Uint8Array): void {
  // The format of onnxruntime's own: a flatbuffer, which this check can't read.
  if (textOf(bytes.subarray(4, 8)) === "ORTM") throw refused("a file in onnxruntime's own format (.ort)");
  let graphs = 0;
  try {
    each(bytes, 0, { 7: graph, 8: operatorSet, 20: never("training information"), 25: never("functions of its own") });
    for (const { number } of wireFields(bytes)) graphs += number === 7 ? 1 : 0;
  } catch (error) {
    if (error instanceof WireError) throw refused(`no ONNX file (${error.message})`);
    throw error;
  }
  if (graphs !== 1) throw refused(graphs === 0 ? "no ONNX file (it has no graph)" : "a file with several graphs");
}

const graph: Check = (bytes, depth) => {
  if (depth > DEEPEST) throw refused(`graphs within graphs, more than ${DEEPEST} deep`);
  each(bytes, depth, { 1: node, 5: tensor, 15: sparseTensor });
};

const node: Check = (bytes, depth) => {
  each(bytes, depth, { 4: operator, 5: attribute, 7: domain });
};

const attribute: Check = (bytes, depth) => {
  const deeper: Check = (inner) => graph(inner, depth + 1);
  each(bytes, depth, { 5: tensor, 6: deeper, 10: tensor, 11: deeper, 22: sparseTensor, 23: sparseTensor });
};

const sparseTensor: Check = (bytes, depth) => {
  each(bytes, depth, { 1: tensor, 2: tensor });
};

const tensor: Check = (bytes) => {
  for (const { number, value } of wireFields(bytes)) {
    if (number === 13 || (number === 14 && value === EXTERNAL)) throw refused("a model with external data");
  }
};

const operatorSet: Check = (bytes, depth) => {
  each(bytes, depth, { 1: domain });
};

const domain: Check = (bytes) => {
  const name = textOf(bytes);
  if (!domains.has(name)) throw refused(`a model with operators of ${JSON.stringify(name.slice(0, 60))}`);
};

const operator: Check = (bytes) => {
  const name = textOf(bytes);
  if (operatorsOfFiles.has(name)) throw refused(`a model with the operator ${name}, which opens files`);
};

const never =
  (what: string): Check =>
  () => {
    throw refused(`a model with ${what}`);
  };

function each(message: Uint8Array, depth: number, parts: Parts): void {
  for (const { number, bytes } of wireFields(message)) {
    const check = parts[number];
    if (!check) continue;
    if (!bytes) throw new WireError(`field ${number} is no message`);
    check(bytes, depth);
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

const refused = (got: string): UserError =>
  new UserError("target/refused", {
    at: "model",
    got,
    want: "one .onnx file with all its data and onnxruntime's own operators",
    fix: "The agent loads nothing else; export the model into one file without custom operators.",
  });
