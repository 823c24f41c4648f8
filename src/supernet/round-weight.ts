/** A weight as training rounds it (src/graph/rounded-weights.ts), in memory. */
import { largestWhole } from "../graph/rounded-weights.js";
import type { Parameter, Setting } from "../graph/values.js";
import { applyMask, type Mask } from "./mask.js";
import { boxOf, isWhole } from "./slice.js";

/** Added to a float64 and taken away again, it leaves the nearest whole number; of two, the even one. */
const TO_WHOLE = 1.5 * 2 ** 52;

/**
 * It multiplies by a scale's reciprocal: XLA makes that of a division, and near the middle of two whole numbers the two round apart.
 *
 * @param channels output channels, the weight's last dimension
 */
export function roundWeight(values: Float32Array, channels: number, bits: number): Float32Array {
  const scales = new Float32Array(channels);
  for (let row = 0; row < values.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      const magnitude = Math.abs(values[row + c]!);
      if (magnitude > scales[c]!) scales[c] = magnitude;
    }
  }
  const share = Math.fround(1 / largestWhole(bits));
  for (let c = 0; c < channels; c++) scales[c] = scales[c]! === 0 ? 1 : scales[c]! * share;
  const reciprocals = scales.map((scale) => 1 / scale);
  const rounded = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      rounded[row + c] = (Math.fround(values[row + c]! * reciprocals[c]!) + TO_WHOLE - TO_WHOLE) * scales[c]!;
    }
  }
  return rounded;
}

/**
 * A rounded weight under its mask, in the shared weight's shape. Elsewhere a weight needs no mask where what it meets is zero; here it gets one
 * all the same, since the largest magnitude counts of what the setting uses alone.
 */
export function roundMasked(
  mask: Mask | undefined,
  parameter: Parameter,
  full: Float32Array,
  { setting, bits }: { readonly setting: Setting; readonly bits: number },
): Float32Array {
  // An identity is exact, and nothing of a closed branch is used.
  if (mask && mask.kind !== "box") return applyMask(mask, parameter, full);
  const box = boxOf(parameter, setting);
  return roundWeight(
    applyMask(isWhole(box) ? undefined : { kind: "box", box }, parameter, full),
    box.full.at(-1)!,
    bits,
  );
}
