/**
 * How a device makes masks. All masks of a graph are rows of one table, a row for each use of an axis, a kernel or a gate. A setting goes
 * up as a number a row, its limit, and one comparison makes all masks:
 *
 *   mask[row][i] = position[row][i] < limit[row]
 *
 * An axis has its channels' numbers as positions and its size as limit; a kernel has twice the distance from its centre, so that
 * 2·|i − centre| < size is the centre crop; a closed gate has limit 0.
 */
import type { ElasticGraph } from "../graph/graph.js";
import type { Layout } from "../graph/layout.js";
import { maskRulesOf, type MaskRule } from "../graph/mask-rules.js";
import { isOpen, sizeIn, type Gate, type Parameter, type Setting, type Size } from "../graph/values.js";

/** A row of the table of masks. */
export interface MaskRow {
  readonly length: number;
  readonly position: (i: number) => number;
  readonly limit: (setting: Setting) => number;
}

/** A row's mask, shaped so that it multiplies a parameter. */
export interface Strip {
  readonly row: number;
  readonly shape: readonly number[];
}

/** How a parameter is masked. */
export interface ParameterMask {
  readonly rule: MaskRule | undefined;
  /** Multiplied, they let through what a setting uses. */
  readonly strips: readonly Strip[];
  /** One number, of a bypass or shortcut: 1 where the parameter is the identity. */
  readonly identity: Strip | undefined;
  /** The box that a setting uses, whatever the gates. */
  readonly box: readonly Strip[];
}

export interface MaskPlan {
  readonly rows: readonly MaskRow[];
  /** By the parameter's name. */
  readonly parameters: ReadonlyMap<string, ParameterMask>;
}

/** A number for each row: what a device is given for a setting. */
export const limitsOf = ({ rows }: MaskPlan, setting: Setting): number[] => rows.map(({ limit }) => limit(setting));

/** A strip's row and shape, by which parameters share it. */
export const keyOf = ({ row, shape }: Strip): string => `${row} ${shape.join("×")}`;

/** @param layout of the graph's parameters */
export function maskPlanOf(graph: ElasticGraph, { slots }: Layout): MaskPlan {
  const rules = maskRulesOf(graph);
  const rows: MaskRow[] = [];
  const places = new Map<string, number>();
  const rowAt = (key: string, row: MaskRow): number => {
    const place = places.get(key) ?? rows.push(row) - 1;
    places.set(key, place);
    return place;
  };
  /** One number, 1 or 0. */
  const flag = (key: string, isSet: (setting: Setting) => boolean): number =>
    rowAt(key, { length: 1, position: () => 0, limit: (setting) => (isSet(setting) ? 1 : 0) });
  const sizeRow = (size: Exclude<Size, number>, gate: Gate | undefined): number =>
    rowAt(`${size.kind} ${size.name} gate ${gate?.name}`, {
      length: size.maximum,
      position: (i) => (size.kind === "kernel" ? 2 * Math.abs(i - (size.maximum - 1) / 2) : i),
      limit: (setting) => (isOpen(setting, gate) ? sizeIn(setting, size) : 0),
    });
  const boxOf = ({ shape }: Parameter, gate?: Gate): Strip[] => {
    const alone = shape.map(() => 1);
    const strips = shape.flatMap((size, dimension) =>
      // The gate closes the first of the strips.
      typeof size === "number" ? [] : [{ size, shape: alone.with(dimension, size.maximum) }],
    );
    if (strips.length === 0 && gate) {
      return [{ row: flag(`gate ${gate.name}`, (setting) => isOpen(setting, gate)), shape: alone }];
    }
    return strips.map(({ size, shape: along }, i) => ({
      row: sizeRow(size, i === 0 ? gate : undefined),
      shape: along,
    }));
  };
  const identityOf = (rule: MaskRule): number | undefined => {
    if (rule.kind === "bypass") return flag(`closed ${rule.gate.name}`, (setting) => !isOpen(setting, rule.gate));
    if (rule.kind === "box") return undefined;
    const [from, to] = rule.sides;
    return flag(`square ${rule.parameter.name}`, (setting) => sizeIn(setting, from) === sizeIn(setting, to));
  };
  const stripsOf = (rule: MaskRule): Strip[] => {
    if (rule.kind === "box") return boxOf(rule.parameter, rule.gate);
    return rule.kind === "shortcut" && rule.cropped ? boxOf(rule.parameter) : [];
  };

  const parameters = [...slots].map(([name, { parameter, shape }]): [string, ParameterMask] => {
    const rule = rules.get(name);
    const identity = rule && identityOf(rule);
    return [
      name,
      {
        rule,
        strips: rule ? stripsOf(rule) : [],
        identity: identity === undefined ? undefined : { row: identity, shape: shape.map(() => 1) },
        box: boxOf(parameter),
      },
    ];
  });
  return { rows, parameters: new Map(parameters) };
}
