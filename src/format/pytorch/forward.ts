/** The lines of a `forward`: a value has a name where a line makes it, and gives it on to what replaces it. */
import type { Step } from "./network.js";
import { isUnit, type Unit } from "./units.js";

/** What a part is called with: `self.expand` for a layer, `F.relu` for a function. */
export type CalleeOf = (part: Step | Unit) => string;

/** How a part's output is written in Python. */
export function forwardLines(unit: Unit, calleeOf: CalleeOf): string[] {
  const uses = new Map<string, number>([[unit.to, 1]]);
  for (const name of unit.parts.flatMap(({ from }) => from)) uses.set(name, (uses.get(name) ?? 0) + 1);
  /** How values that are still wanted are written: a variable, or a call that the next line takes in. */
  const written = new Map([[unit.from[0], "x"]]);
  const lines: string[] = [];
  for (const [i, part] of unit.parts.entries()) {
    const text = expressionOf(
      part,
      part.from.map((name) => written.get(name)!),
      calleeOf,
    );
    for (const name of part.from) {
      uses.set(name, uses.get(name)! - 1);
      if (uses.get(name) === 0) written.delete(name);
    }
    if (part.to === unit.to) return [...lines, `return ${text}`];
    if (uses.get(part.to) === 1 && standsAround(unit.parts[i + 1], part.to)) {
      written.set(part.to, text);
      continue;
    }
    const variable = variableFor(part, new Set(written.values()));
    written.set(part.to, variable);
    lines.push(`${variable} = ${text}`);
  }
  throw new Error(`internal: ${unit.path} makes no output`);
}

/** Whether a part takes a value in within its own line: an activation around its layer. */
const standsAround = (part: Step | Unit | undefined, value: string): boolean =>
  part !== undefined && !isUnit(part) && (part.op === "activation" || part.op === "flatten") && part.from[0] === value;

function variableFor(part: Step | Unit, taken: ReadonlySet<string>): string {
  const wanted = part.path.includes(".shortcut.") ? ["shortcut"] : ["x", "y", "z"];
  const free = wanted.find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`internal: no variable is free at ${part.path}`);
  return free;
}

function expressionOf(part: Step | Unit, [x, other]: readonly string[], calleeOf: CalleeOf): string {
  if (isUnit(part)) return `${calleeOf(part)}(${x!})`;
  switch (part.op) {
    case "layer":
    case "activation":
      return `${calleeOf(part)}(${x!})`;
    case "averagePool":
      // A partial last window is divided by the pixels that it has.
      return `F.avg_pool2d(${x!}, ${calleeOf(part)}, ceil_mode=True, count_include_pad=False)`;
    case "globalAveragePool":
      return `F.adaptive_avg_pool2d(${x!}, 1)`;
    case "flatten":
      return `torch.flatten(${x!}, 1)`;
    case "add":
      return `${x!} + ${other!}`;
    case "multiply":
      // The network's order is factor, x.
      return `${other!} * ${x!}`;
  }
}
