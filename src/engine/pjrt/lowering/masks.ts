/** Masks made in the program from a setting's limits: see src/engine/mask-plan.ts. */
import { keyOf, type MaskPlan, type ParameterMask, type Strip } from "../../mask-plan.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";
import { roundWeight } from "./round-weight.js";

export interface ProgramMasks {
  /** The parameter's values under its mask. */
  effective(name: string, full: Tensor): Tensor;
  /** The same, rounded (src/graph/rounded-weights.ts) if it is one of these weights. */
  rounded(name: string, full: Tensor, by: { readonly weights: ReadonlySet<string>; readonly bits: number }): Tensor;
  /** The parameter's gradient where the mask lets it through, 0 elsewhere; undefined for what is never trained. */
  gradient(name: string, gradient: Tensor): Tensor | undefined;
  /** The parameter's values in the box that the setting uses, 0 outside. */
  inBox(name: string, full: Tensor): Tensor;
}

/** @param limits a number for each row of the plan */
export function programMasks(w: StableWriter, { rows, parameters }: MaskPlan, limits: Tensor): ProgramMasks {
  const made = new Map<string, Tensor>();
  const positionsOf = (row: number): Tensor => {
    const { length, position } = rows[row]!;
    const places = Array.from({ length }, (_, i) => position(i));
    return places.every((place, i) => place === i) ? w.iota(length) : w.vector(places);
  };
  const maskOf = (strip: Strip): Tensor => {
    const key = keyOf(strip);
    const mask =
      made.get(key) ??
      w.reshape(
        w.convert(w.compare("LT", positionsOf(strip.row), w.slice(limits, [strip.row], [strip.row + 1])), "f32"),
        strip.shape,
      );
    made.set(key, mask);
    return mask;
  };
  const through = (strips: readonly Strip[], x: Tensor): Tensor =>
    strips.reduce((masked, strip) => w.multiply(masked, maskOf(strip)), x);
  const planOf = (name: string): ParameterMask => parameters.get(name)!;
  /** The unit matrix in a shortcut's shape, [1, 1, in, out]. */
  const unitOf = (shape: readonly number[]): Tensor => {
    const [, , inputs, outputs] = shape as [number, number, number, number];
    const [row, column] = [w.reshape(w.iota(inputs), [inputs, 1]), w.reshape(w.iota(outputs), [1, outputs])];
    return w.reshape(w.convert(w.compare("EQ", row, column), "f32"), shape);
  };
  /** A parameter's own values, or the unit matrix where a shortcut is the identity. */
  const orUnit = (name: string, own: Tensor): Tensor => {
    const { rule, identity, box } = planOf(name);
    if (rule?.kind !== "shortcut") return own;
    const isIdentity = maskOf(identity!);
    const unit = through(box, unitOf(own.type.shape));
    return w.add(w.multiply(own, w.subtract(1, isIdentity)), w.multiply(unit, isIdentity));
  };
  const effective = (name: string, full: Tensor): Tensor => {
    const { rule, strips, identity } = planOf(name);
    if (rule?.kind === "bypass") return w.broadcast(maskOf(identity!), full.type.shape);
    return orUnit(name, through(strips, full));
  };
  return {
    effective,
    rounded(name, full, { weights, bits }) {
      if (!weights.has(name)) return effective(name, full);
      return orUnit(name, roundWeight(w, through(planOf(name).box, full), bits));
    },
    gradient(name, gradient) {
      const { rule, strips, identity } = planOf(name);
      if (rule?.kind === "bypass") return undefined;
      const masked = through(strips, gradient);
      return identity ? w.multiply(masked, w.subtract(1, maskOf(identity))) : masked;
    },
    inBox: (name, full) => through(planOf(name).box, full),
  };
}
