/** Parameters in one flat vector, as the layout has them. */
import type { Layout } from "../../../graph/layout.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";

/** Each parameter in its shape. */
export const unpacked = (w: StableWriter, { slots }: Layout, flat: Tensor): Map<string, Tensor> =>
  new Map(
    [...slots].map(([name, { offset, length, shape }]) => [
      name,
      w.reshape(w.slice(flat, [offset], [offset + length]), shape),
    ]),
  );

/** One vector of all parameters' values, zeros for what isn't given. */
export const packed = (w: StableWriter, { slots }: Layout, tensors: ReadonlyMap<string, Tensor>): Tensor =>
  w.concatenate(
    [...slots].map(([name, { length }]) => {
      const given = tensors.get(name);
      return given ? w.reshape(given, [length]) : w.zeros([length]);
    }),
    0,
  );
