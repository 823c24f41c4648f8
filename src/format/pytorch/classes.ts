/** The classes of a network: units of one key share one, whose constructor takes what differs between them. */
import type { Network, Step } from "./network.js";
import { forwardLines } from "./forward.js";
import { documentationOf, nameOf } from "./names.js";
import { channelsOf, localName, shapeOf, type Parameter, type Shape } from "./shape.js";
import { isUnit, unitsOf, type Unit } from "./units.js";

/** How a unit is made: an instance of a class, with what is its own. */
interface Instance {
  readonly className: string;
  /** What the constructor takes. */
  readonly parameters: readonly Parameter[];
}

export interface Classes {
  readonly units: readonly Unit[];
  /** Python, each before the first that uses it. */
  readonly definitions: readonly string[];
  /** Python that makes a unit; a layer that is a unit by itself has no class. */
  callOf(unit: Unit): string;
}

export function classesOf(network: Network): Classes {
  const units = unitsOf(network);
  const channels = channelsOf(network);
  const instances = new Map<Unit, Instance>();
  const taken = new Set<string>();
  const nested = units.flatMap(({ parts }) => parts.filter(isUnit));
  const definitions = [nested, units.filter((unit) => !loneLayer(unit))].flatMap((level) =>
    groupsOf(level, channels).map((group) => {
      const [[first, shape]] = group as [[Unit, Shape]];
      const parameters = constructorOf(group.map(([, { parameters }]) => parameters));
      const className = freeName(nameOf(first), taken);
      group.forEach(([unit], i) => instances.set(unit, { className, parameters: parameters[i]! }));
      return definitionOf(first, shape, instances);
    }),
  );
  return {
    units,
    definitions,
    callOf(unit) {
      const layer = loneLayer(unit);
      if (layer) return layerText(layer, (kind, value) => shapeOf(unit, channels).find(kind, value).text);
      const { className, parameters } = instances.get(unit)!;
      return callText(className, parameters, ({ text }) => text);
    },
  };
}

const loneLayer = ({ parts: [part, ...others] }: Unit): (Step & { op: "layer" }) | undefined =>
  others.length === 0 && part && !isUnit(part) && part.op === "layer" ? part : undefined;

function groupsOf(units: readonly Unit[], channels: ReadonlyMap<string, number>): (readonly [Unit, Shape])[][] {
  const groups = new Map<string, (readonly [Unit, Shape])[]>();
  for (const unit of units) {
    const shape = shapeOf(unit, channels);
    groups.set(shape.key, [...(groups.get(shape.key) ?? []), [unit, shape]]);
  }
  return [...groups.values()];
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted}${i}`;
  taken.add(name);
  return name;
}

/** The channels, and what is not the same in all units; the only kernel or stride is called that. */
function constructorOf(units: readonly (readonly Parameter[])[]): Parameter[][] {
  const isTaken = ({ kind }: Parameter, i: number): boolean =>
    kind === "channels" || units.some((parameters) => parameters[i]!.text !== units[0]![i]!.text);
  const kept = units.map((parameters) => parameters.filter(isTaken));
  return kept.map((parameters) =>
    parameters.map((parameter) => {
      const { kind } = parameter;
      const isOnly = parameters.filter((other) => other.kind === kind).length === 1;
      return isOnly && (kind === "kernel" || kind === "stride") ? { ...parameter, name: kind } : parameter;
    }),
  );
}

/** How a parameter of a value is written where it is needed. */
type Written = (kind: Parameter["kind"], value: string) => string;

function definitionOf(unit: Unit, shape: Shape, instances: ReadonlyMap<Unit, Instance>): string {
  const { className, parameters } = instances.get(unit)!;
  const written: Written = (kind, value) => {
    const parameter = shape.find(kind, value);
    return parameters.find((kept) => kept.kind === kind && kept.of === parameter.of)?.name ?? parameter.text;
  };
  const functions = parameters.filter(({ kind }) => kind === "function");
  const sizes = parameters.filter(({ kind }) => kind === "size");
  const members = unit.parts.flatMap((part) => {
    if (isUnit(part)) {
      const { className, parameters } = instances.get(part)!;
      return `self.${localName(unit, part.path)} = ${callText(className, parameters, ({ kind, of }) => written(kind, of))}`;
    }
    return part.op === "layer" ? `self.${localName(unit, part.name)} = ${layerText(part, written)}` : [];
  });
  const calleeOf = (part: Step | Unit): string => {
    if (isUnit(part)) return `self.${localName(unit, part.path)}`;
    if (part.op === "layer") return `self.${localName(unit, part.name)}`;
    const text = written(part.op === "averagePool" ? "size" : "function", part.to);
    return [...functions, ...sizes].some(({ name }) => name === text) ? `self.${text}` : text;
  };
  return [
    `class ${className}(nn.Module):`,
    `    """${documentationOf(unit)}"""`,
    "",
    `    def __init__(self, ${parameters.map(({ name }) => name).join(", ")}):`,
    "        super().__init__()",
    ...members.map((line) => `        ${line}`),
    ...[...functions, ...sizes].map(({ name }) => `        self.${name} = ${name}`),
    "",
    "    def forward(self, x):",
    ...forwardLines(unit, calleeOf).map((line) => `        ${line}`),
  ].join("\n");
}

/** The first by place, the rest by name. */
const callText = (callee: string, parameters: readonly Parameter[], textOf: (parameter: Parameter) => string): string =>
  `${callee}(${parameters.map((parameter, i) => (i === 0 ? "" : `${parameter.name}=`) + textOf(parameter)).join(", ")})`;

function layerText({ layer, from, to, hasBias }: Step & { op: "layer" }, written: Written): string {
  const [inputs, outputs] = [written("channels", from[0]!), written("channels", to)];
  const bias = hasBias ? [] : ["bias=False"];
  if (layer.kind === "linear") return `nn.Linear(${[inputs, outputs, ...bias].join(", ")})`;
  const kernel = layer.isDepthwise || layer.kernel > 1 ? written("kernel", to) : "1";
  const stride = written("stride", to);
  const padding = /^\d+$/.test(kernel) ? `${(Number(kernel) - 1) / 2}` : `${kernel} // 2`;
  const rest = [
    ...(stride === "1" ? [] : [`stride=${stride}`]),
    ...(padding === "0" ? [] : [`padding=${padding}`]),
    ...(layer.isDepthwise ? [`groups=${inputs}`] : []),
    ...bias,
  ];
  return `nn.Conv2d(${[inputs, outputs, kernel, ...rest].join(", ")})`;
}
