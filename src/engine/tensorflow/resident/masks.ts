/**
 * Masks made on the device. All masks of a graph lie in one matrix with a row for each use of an axis, a kernel or a gate. A setting goes
 * up as a number a row, its limit, and one comparison makes all masks:
 *
 *   mask[row][i] = position[row][i] < limit[row]
 *
 * An axis has its channels' numbers as positions and its size as limit; a kernel has twice the distance from its centre, so that
 * 2·|i − centre| < size is the centre crop; a closed gate has limit 0.
 */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { ElasticGraph } from "../../../graph/graph.js";
import type { Layout } from "../../../graph/layout.js";
import { maskRulesOf, type MaskRule } from "../../../graph/mask-rules.js";
import { isOpen, sizeIn, type Gate, type Parameter, type Setting, type Size } from "../../../graph/values.js";
import type { TF } from "../backend.js";

/** A row of the matrix of masks. */
interface Row {
  readonly length: number;
  readonly position: (i: number) => number;
  readonly limit: (setting: Setting) => number;
}

/** A row's mask, shaped so that it multiplies a parameter. */
interface Strip {
  readonly row: number;
  readonly shape: readonly number[];
}

/** How a parameter is masked. */
interface Plan {
  readonly rule: MaskRule | undefined;
  /** Multiplied, they let through what a setting uses. */
  readonly strips: readonly Strip[];
  /** One number, of a bypass or shortcut: 1 where the parameter is the identity. */
  readonly identity: Strip | undefined;
  /** The unit matrix, in a shortcut's shape. */
  readonly unit: Tensor | undefined;
  /** The box that a setting uses, whatever the gates. */
  readonly box: readonly Strip[];
}

/** Masks of one setting: tensors of the tidy that they are asked for in. */
export interface DeviceMasks {
  /** The parameter's values under its mask; the same tensor where that changes nothing. */
  effective(name: string, full: Tensor): Tensor;
  /** Whether the parameter is trained at all. */
  isTrained(name: string): boolean;
  /** The parameter's gradient where the mask lets it through, 0 elsewhere; the same tensor where that is everywhere. */
  gradient(name: string, gradient: Tensor): Tensor;
  /** The parameter's values in the box that the setting uses, 0 outside. */
  inBox(name: string, full: Tensor): Tensor;
}

/** @param layout of the graph's parameters */
export function deviceMasks(
  tf: TF,
  graph: ElasticGraph,
  layout: Layout,
): { at: (setting: Setting) => DeviceMasks; dispose: () => void } {
  const { rows, plans } = plansOf(tf, graph, layout);
  const longest = Math.max(1, ...rows.map(({ length }) => length));
  // What lies beyond a row's own length is never read.
  const table = rows.map(({ position }) => Array.from({ length: longest }, (_, i) => position(i)));
  const positions = tf.keep(tf.tensor2d(table, [rows.length, longest]));
  const used = [...plans.values()].flatMap(({ strips }) => strips);

  return {
    at(setting) {
      const limits = rows.map(({ limit }) => limit(setting));
      /** A mask of ones is not multiplied, so the biggest child costs no masks. */
      const acts = ({ row }: Strip): boolean => limits[row]! < rows[row]!.length;
      const all: Tensor1D = tf.reshape(
        tf.cast(tf.less(positions, tf.tensor2d(limits, [rows.length, 1])), "float32"),
        [-1],
      );
      const cut = ({ row, shape }: Strip): Tensor =>
        shapedAs(tf, tf.slice(all, [row * longest], [rows[row]!.length]), shape);
      // Parameters share most strips. They are cut here, for the tidy of the caller.
      const shared = new Map(used.filter(acts).map((strip) => [keyOf(strip), strip] as const));
      const made = new Map([...shared].map(([key, strip]) => [key, cut(strip)]));
      const through = (strips: readonly Strip[], x: Tensor): Tensor =>
        strips.filter(acts).reduce((masked, strip) => tf.mul(masked, made.get(keyOf(strip)) ?? cut(strip)), x);
      return {
        effective(name, full) {
          const { rule, strips, identity, unit, box } = plans.get(name)!;
          if (rule?.kind === "bypass") return tf.broadcastTo(cut(identity!), full.shape);
          const masked = through(strips, full);
          if (rule?.kind !== "shortcut") return masked;
          const isIdentity = cut(identity!);
          return tf.add(tf.mul(masked, tf.sub(1, isIdentity)), tf.mul(through(box, unit!), isIdentity));
        },
        isTrained: (name) => plans.get(name)!.rule?.kind !== "bypass",
        gradient(name, gradient) {
          const { strips, identity } = plans.get(name)!;
          const masked = through(strips, gradient);
          return identity ? tf.mul(masked, tf.sub(1, cut(identity))) : masked;
        },
        inBox: (name, full) => through(plans.get(name)!.box, full),
      };
    },
    dispose() {
      positions.dispose();
      for (const { unit } of plans.values()) unit?.dispose();
    },
  };
}

/** A vector in another shape: the same tensor where it is one already. */
export const shapedAs = (tf: TF, vector: Tensor1D, shape: readonly number[]): Tensor =>
  shape.length === 1 ? vector : tf.reshape(vector, [...shape]);

/** A strip's row and shape, by which parameters share it. */
const keyOf = ({ row, shape }: Strip): string => `${row} ${shape.join("×")}`;

/** How each parameter of the layout is masked, and the rows for that. */
function plansOf(
  tf: TF,
  graph: ElasticGraph,
  { slots }: Layout,
): { rows: readonly Row[]; plans: ReadonlyMap<string, Plan> } {
  const rules = maskRulesOf(graph);
  const rows: Row[] = [];
  const places = new Map<string, number>();
  const rowAt = (key: string, row: Row): number => {
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

  const plans = [...slots].map(([name, { parameter, shape }]): [string, Plan] => {
    const rule = rules.get(name);
    const identity = rule && identityOf(rule);
    const [, , inputs = 1, outputs = 1] = shape;
    return [
      name,
      {
        rule,
        strips: rule ? stripsOf(rule) : [],
        identity: identity === undefined ? undefined : { row: identity, shape: shape.map(() => 1) },
        unit:
          rule?.kind === "shortcut"
            ? tf.keep(tf.tidy(() => tf.reshape(tf.eye(inputs, outputs), [...shape])))
            : undefined,
        box: boxOf(parameter),
      },
    ];
  });
  return { rows, plans: new Map(plans) };
}
