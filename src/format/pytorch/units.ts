/**
 * A network in units: what becomes a module of its own. They follow from the paths of the graph that was trained, `stages.<stage>.<block>` and
 * the first word of any other; in a block, `se` is a unit too. Each has one input and one output.
 */
import type { Network, Step } from "./network.js";

export interface Unit {
  readonly path: string;
  readonly parts: readonly (Step | Unit)[];
  /** Names of values. */
  readonly from: readonly [string];
  readonly to: string;
}

export const isUnit = (part: Step | Unit): part is Unit => "parts" in part;

/** A chain: each unit's input is the output of the one before. */
export function unitsOf(network: Network): readonly Unit[] {
  const outside = new Set([network.output]);
  const units = grouped(network.steps, ({ path }) => /^(?:stages\.[^.]+\.\d+|[^.]+)/.exec(path)![0]).map(
    ([path, steps]) => {
      const readElsewhere = new Set([...readBy(network.steps.filter((step) => !steps.includes(step))), ...outside]);
      const inner = grouped(steps, (step) => (isWithin(step, `${path}.se`) ? `${path}.se` : ""));
      const parts = inner.flatMap(([nested, inside]): (Step | Unit)[] => {
        if (nested === "") return inside;
        const others = steps.filter((step) => !inside.includes(step));
        return [unit(nested, inside, new Set([...readBy(others), ...readElsewhere]))];
      });
      return unit(path, parts, readElsewhere);
    },
  );
  let value = network.input;
  for (const { path, from, to } of units) {
    if (from[0] !== value) throw new Error(`internal: ${path} reads another value than the one before it makes`);
    value = to;
  }
  return units;
}

const isWithin = ({ path }: Step, unit: string): boolean => path === unit || path.startsWith(`${unit}.`);

const readBy = (parts: readonly (Step | Unit)[]): string[] => parts.flatMap(({ from }) => from);

/** Steps that follow each other and have one key. */
function grouped(steps: readonly Step[], keyOf: (step: Step) => string): [key: string, steps: Step[]][] {
  const groups: [string, Step[]][] = [];
  for (const step of steps) {
    const key = keyOf(step);
    const last = groups.at(-1);
    if (last?.[0] === key) last[1].push(step);
    else groups.push([key, [step]]);
  }
  return groups;
}

function unit(path: string, parts: readonly (Step | Unit)[], readElsewhere: ReadonlySet<string>): Unit {
  const made = new Set(parts.map(({ to }) => to));
  const from = new Set(readBy(parts).filter((name) => !made.has(name)));
  const to = [...made].filter((name) => readElsewhere.has(name));
  if (from.size !== 1 || to.length !== 1) {
    throw new Error(`internal: ${path} has ${from.size} inputs and ${to.length} outputs`);
  }
  return { path, parts, from: [...from] as [string], to: to[0]! };
}
