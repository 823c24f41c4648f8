/** Masks made on the device: all of a setting's masks by one comparison (src/engine/mask-plan.ts). */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { ElasticGraph } from "../../../graph/graph.js";
import type { Layout } from "../../../graph/layout.js";
import { roundedWeights } from "../../../graph/rounded-weights.js";
import type { Setting } from "../../../graph/values.js";
import { keyOf, limitsOf, maskPlanOf, type Strip } from "../../mask-plan.js";
import type { TF } from "../backend.js";
import { roundWeight } from "./round-weight.js";

/** Masks of one setting: tensors of the tidy that they are asked for in. */
export interface DeviceMasks {
  /** The parameter's values under its mask; the same tensor where that changes nothing. */
  effective(name: string, full: Tensor): Tensor;
  /** The same, rounded (src/graph/rounded-weights.ts) if it is a weight that is. */
  rounded(name: string, full: Tensor, bits: number): Tensor;
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
  const plan = maskPlanOf(graph, layout);
  const { rows, parameters } = plan;
  const roundedNames = roundedWeights(graph);
  const longest = Math.max(1, ...rows.map(({ length }) => length));
  // What lies beyond a row's own length is never read.
  const table = rows.map(({ position }) => Array.from({ length: longest }, (_, i) => position(i)));
  const positions = tf.keep(tf.tensor2d(table, [rows.length, longest]));
  const used = [...parameters.values()].flatMap(({ strips }) => strips);
  const units = new Map(
    [...parameters].flatMap(([name, { rule }]) =>
      rule?.kind === "shortcut" ? [[name, unitOf(tf, layout.slots.get(name)!.shape)] as const] : [],
    ),
  );

  return {
    at(setting) {
      const limits = limitsOf(plan, setting);
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
      /** A parameter's own values, or the unit matrix where a shortcut is the identity. */
      const orUnit = (name: string, own: Tensor): Tensor => {
        const { rule, identity, box } = parameters.get(name)!;
        if (rule?.kind !== "shortcut") return own;
        const isIdentity = cut(identity!);
        return tf.add(tf.mul(own, tf.sub(1, isIdentity)), tf.mul(through(box, units.get(name)!), isIdentity));
      };
      const effective = (name: string, full: Tensor): Tensor => {
        const { rule, strips, identity } = parameters.get(name)!;
        if (rule?.kind === "bypass") return tf.broadcastTo(cut(identity!), full.shape);
        return orUnit(name, through(strips, full));
      };
      return {
        effective,
        rounded(name, full, bits) {
          if (!roundedNames.has(name)) return effective(name, full);
          return orUnit(name, roundWeight(tf, through(parameters.get(name)!.box, full), bits));
        },
        isTrained: (name) => parameters.get(name)!.rule?.kind !== "bypass",
        gradient(name, gradient) {
          const { strips, identity } = parameters.get(name)!;
          const masked = through(strips, gradient);
          return identity ? tf.mul(masked, tf.sub(1, cut(identity))) : masked;
        },
        inBox: (name, full) => through(parameters.get(name)!.box, full),
      };
    },
    dispose() {
      positions.dispose();
      tf.dispose([...units.values()]);
    },
  };
}

/** The unit matrix in a shortcut's shape, [1, 1, in, out]: a kept tensor. */
function unitOf(tf: TF, shape: readonly number[]): Tensor {
  const [, , inputs = 1, outputs = 1] = shape;
  return tf.keep(tf.tidy(() => tf.reshape(tf.eye(inputs, outputs), [...shape])));
}

/** A vector in another shape: the same tensor where it is one already. */
export const shapedAs = (tf: TF, vector: Tensor1D, shape: readonly number[]): Tensor =>
  shape.length === 1 ? vector : tf.reshape(vector, [...shape]);
