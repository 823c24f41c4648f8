/**
 * What may differ between units of one class: channels, kernels, strides, functions. Each is of a value, the one that its step makes, so that a
 * unit and one within it speak of the same. Channels that must be equal are one parameter: those of a depthwise layer's two sides, of a sum's terms.
 */
import type { Network, Step } from "./network.js";
import { isUnit, type Unit } from "./units.js";

type Kind = "channels" | "kernel" | "stride" | "size" | "function";

/** A parameter of a class's constructor, or a constant in its code where all of its units have the same. */
export interface Parameter {
  readonly kind: Kind;
  /** The value that it is of, in this unit. */
  readonly of: string;
  readonly name: string;
  /** What it is in this unit, in Python. */
  readonly text: string;
}

export interface Shape {
  /** Equal in units of one class. */
  readonly key: string;
  /** Units of one class have as many, in one order. */
  readonly parameters: readonly Parameter[];
  find(kind: Kind, value: string): Parameter;
}

/** The name of a layer or unit in the unit that has it. */
export const localName = (unit: Unit, path: string): string => path.slice(unit.path.length + 1).replaceAll(".", "_");

const stepsOf = (unit: Unit): Step[] => unit.parts.flatMap((part) => (isUnit(part) ? stepsOf(part) : [part]));

/** Whether a layer has a weight for each pair of channels, so that it has as many outputs as it wants. */
const isFull = (step: Step): boolean => step.op === "layer" && !(step.layer.kind === "conv" && step.layer.isDepthwise);

/** A conv of 1×1 is one in all units of its class. */
const isPointwise = (step: Step): boolean =>
  isFull(step) && !(step.op === "layer" && step.layer.kind === "conv" && step.layer.kernel > 1);

/** Channels of each value. */
export function channelsOf({ input, channels, steps }: Network): ReadonlyMap<string, number> {
  const found = new Map([[input, channels]]);
  for (const step of steps) found.set(step.to, step.op === "layer" ? step.outputs : found.get(step.from[0]!)!);
  return found;
}

export function shapeOf(unit: Unit, channels: ReadonlyMap<string, number>): Shape {
  const steps = stepsOf(unit);
  const same = { channels: sameChannels(unit, steps), function: sameFunctions(unit) };
  const found = new Map<string, Parameter>();
  const put = (kind: Kind, of: string, name: string, text: string | number): void =>
    void found.set(`${kind} ${of}`, { kind, of, name, text: `${text}` });
  for (const [value, first] of same.channels) {
    if (value !== first) continue;
    const maker = steps.find((step) => isFull(step) && same.channels.get(step.to) === value);
    const isOutput = same.channels.get(unit.to) === value;
    const name = maker ? `${layerName(unit, maker)}_channels` : "inputs";
    put("channels", value, value === unit.from[0] ? "inputs" : isOutput ? "outputs" : name, channels.get(value)!);
  }
  for (const step of steps) {
    if (step.op === "averagePool") put("size", step.to, `${localName(unit, step.path)}_size`, step.size);
    if (step.op !== "layer" || step.layer.kind !== "conv") continue;
    if (!isPointwise(step)) put("kernel", step.to, `${layerName(unit, step)}_kernel`, step.layer.kernel);
    put("stride", step.to, `${layerName(unit, step)}_stride`, step.layer.stride);
  }
  const functions = [...new Set(same.function.values())];
  for (const step of steps) {
    const at = functions.indexOf(step.to);
    if (step.op === "activation" && at >= 0)
      put("function", step.to, at === 0 ? "activation" : `activation_${at + 1}`, step.function);
  }
  return {
    key: keyOf(unit, same.function),
    parameters: inOrder([...found.values()]),
    find(kind, value) {
      const first = kind === "channels" || kind === "function" ? same[kind].get(value)! : value;
      return found.get(`${kind} ${first}`)!;
    },
  };
}

const layerName = (unit: Unit, step: Step): string => localName(unit, step.op === "layer" ? step.name : step.path);

/** As one writes them: inputs, channels within, outputs, the rest. */
function inOrder(parameters: readonly Parameter[]): Parameter[] {
  const rank = ({ kind, name }: Parameter): number =>
    kind !== "channels" ? 3 : name === "inputs" ? 0 : name === "outputs" ? 2 : 1;
  return parameters.toSorted((a, b) => rank(a) - rank(b));
}

/** By value, the first value that has as many channels because it must. */
function sameChannels(unit: Unit, steps: readonly Step[]): ReadonlyMap<string, string> {
  const first = new Map([[unit.from[0], unit.from[0]]]);
  for (const step of steps) {
    const [x, other] = step.from as [string, string?];
    first.set(step.to, isFull(step) ? step.to : first.get(x)!);
    if (other === undefined) continue;
    const [kept, merged] = inOrderOf([...first.keys()], first.get(x)!, first.get(other)!);
    for (const [value, symbol] of first) if (symbol === merged) first.set(value, kept);
  }
  return first;
}

const inOrderOf = (values: readonly string[], a: string, b: string): [string, string] =>
  values.indexOf(a) < values.indexOf(b) ? [a, b] : [b, a];

/** By value that an activation makes, the first such value of the unit or of the one within it that has the same function. */
function sameFunctions(unit: Unit): ReadonlyMap<string, string> {
  const firstOf = new Map<string, string>();
  const found = unit.parts.flatMap((part): (readonly [string, string])[] => {
    if (isUnit(part)) return [...sameFunctions(part)];
    if (part.op !== "activation") return [];
    if (!firstOf.has(part.function)) firstOf.set(part.function, part.to);
    return [[part.to, firstOf.get(part.function)!]];
  });
  return new Map(found);
}

/** Steps, how they are wired, which functions are the same: all that a class's code says beyond its parameters. */
function keyOf(unit: Unit, functions: ReadonlyMap<string, string>): string {
  const numbers = new Map([[unit.from[0], 0]]);
  const lines = (parts: Unit["parts"]): unknown[] =>
    parts.map((part) => {
      if (isUnit(part)) return [localName(unit, part.path), ...lines(part.parts)];
      const { op, from, to } = part;
      numbers.set(to, numbers.size);
      const wiring = from.map((name) => numbers.get(name));
      if (op === "activation") return [op, ...wiring, numbers.get(functions.get(to)!)];
      if (op !== "layer") return [op, ...wiring];
      return [layerName(unit, part), ...wiring, isFull(part), isPointwise(part), part.hasBias];
    });
  // A stem is not a block, though both may be one conv.
  return JSON.stringify([unit.path.startsWith("stages.") ? "" : unit.path, ...lines(unit.parts)]);
}
