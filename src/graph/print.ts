/** A graph as text, one line per node, for tests and for people. Values are numbered, so their names don't matter. */
import { inputsOf, valuesOutOf, type Graph } from "./graph.js";
import type { Node } from "./operators.js";
import { isParameter, type Parameter, type Size, type Value } from "./values.js";

const dimension = (size: Size): string => (typeof size === "number" ? `${size}` : `${size.name}≤${size.maximum}`);

/** For example `%3:24 = conv(%2, stem.weight[3×3×1×24]) stride=2`. */
export function print(graph: Graph): string {
  const numbers = new Map<string, number>([[graph.input.name, 0]]);
  const value = ({ name, channels, dtype }: Value): string =>
    `%${numbers.get(name) ?? "?"}:${dimension(channels)}${dtype === "float32" ? "" : `:${dtype}`}`;
  const parameter = ({ name, shape }: Parameter): string => `${name}[${shape.map(dimension).join("×")}]`;
  const lines = [`${graph.name}(${value(graph.input)})`];
  for (const node of graph.nodes) {
    for (const out of valuesOutOf(node)) numbers.set(out.name, numbers.size);
    const outs = valuesOutOf(node).map(value).join(", ");
    const ins = inputsOf(node).map((input) =>
      isParameter(input) ? parameter(input) : `%${numbers.get(input.name) ?? "?"}`,
    );
    const attributes = Object.entries(shown(node))
      .filter(([, attribute]) => attribute !== undefined && attribute !== 1)
      .map(([key, attribute]) => ` ${key}=${attributeText(attribute)}`);
    lines.push(`  ${outs} = ${node.op}(${ins.join(", ")})${attributes.join("")}`);
  }
  lines.push(`  return ${graph.outputs.map(value).join(", ")}`);
  return lines.join("\n");
}

/** The attributes to print. A dense layer shows its units, which are its output's channels. */
const shown = (node: Node): Readonly<Record<string, unknown>> =>
  node.op === "dense" ? { units: node.out.y.channels } : { ...node.attributes };

function attributeText(attribute: unknown): string {
  if (typeof attribute === "object" && attribute !== null && "name" in attribute) return String(attribute.name);
  return String(attribute);
}
