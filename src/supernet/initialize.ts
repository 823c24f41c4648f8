/** Initial weights. */
import { random } from "../base/random.js";
import type { Layout } from "../graph/layout.js";

/**
 * Initial weights for a seed. Convolutions: normal with variance 2 / fan-out (He et al. 2015, as MobileNets do); dense:
 * uniform in ± 1 / √fan-in.
 * @param lastGamma initial gamma of each residual block's last batch norm: 0 (BigNAS) makes every such block start as
 * the identity
 */
export function initialize(layout: Layout, seed: number, lastGamma: 0 | 1): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const [name, { parameter, shape, offset, length }] of layout.slots) {
    const values = flat.subarray(offset, offset + length);
    const draw = random(seed, "weights", name);
    switch (parameter.initializer) {
      case "he-normal-fan-out": {
        // Depthwise weights [k, k, channels] have one output per channel.
        const fanOut = shape.length === 4 ? shape[0]! * shape[1]! * shape[3]! : shape[0]! * shape[1]!;
        const deviation = Math.sqrt(2 / fanOut);
        for (let i = 0; i < length; i++) values[i] = draw.normal() * deviation;
        break;
      }
      case "uniform-fan-in": {
        const bound = 1 / Math.sqrt(shape[0]!);
        for (let i = 0; i < length; i++) values[i] = (2 * draw.next() - 1) * bound;
        break;
      }
      case "ones":
        values.fill(1);
        break;
      case "last-gamma":
        values.fill(lastGamma);
        break;
      case "zeros":
        break;
    }
  }
  return flat;
}
