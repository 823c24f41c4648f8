/** A weight as training rounds it (src/graph/rounded-weights.ts), in a program. */
import { largestWhole } from "../../../graph/rounded-weights.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";

/** @param weight its last dimension are the output channels */
export function roundWeight(w: StableWriter, weight: Tensor, bits: number): Tensor {
  const others = weight.type.shape.slice(0, -1).map((_, dimension) => dimension);
  const size = w.multiply(w.reduce("maximum", w.unary("abs", weight), others), 1 / largestWhole(bits));
  const scale = w.select(w.compare("EQ", size, 0), 1, size);
  return w.multiply(w.unary("round_nearest_even", w.multiply(weight, w.divide(1, scale))), scale);
}
