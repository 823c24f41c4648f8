/** Initial weights. */
import { setImmediate } from "node:timers/promises";
import { random } from "../base/random.js";
import type { Layout, Slot } from "../graph/layout.js";

/** Values that are drawn at a stretch: a few milliseconds. */
const PIECE = 2 ** 14;

/**
 * Initial weights for a seed. Convolutions: normal with variance 2 / fan-out (He et al. 2015, as MobileNets do); dense:
 * uniform in ± 1 / √fan-in.
 * @param lastGamma initial gamma of each residual block's last batch norm: 0 (BigNAS) makes every such block start as
 * the identity
 */
export function initialize(layout: Layout, seed: number, lastGamma: 0 | 1): Float32Array {
  const flat = new Float32Array(layout.length);
  const pieces = drawInto(flat, layout, seed, lastGamma);
  while (!pieces.next().done);
  return flat;
}

/** The same weights, drawn in pieces between which the event loop is free. */
export async function initializeInPieces(layout: Layout, seed: number, lastGamma: 0 | 1): Promise<Float32Array> {
  const flat = new Float32Array(layout.length);
  const pieces = drawInto(flat, layout, seed, lastGamma);
  while (!pieces.next().done) await setImmediate();
  return flat;
}

/** Yields after each piece. */
function* drawInto(flat: Float32Array, { slots }: Layout, seed: number, lastGamma: 0 | 1): Generator<undefined, void> {
  for (const [name, slot] of slots) {
    const value = valuesOf(slot, seed, name, lastGamma);
    const end = slot.offset + slot.length;
    for (let i = slot.offset; i < end; i++) {
      flat[i] = value();
      if (i % PIECE === PIECE - 1) yield;
    }
  }
}

/** A parameter's values, one after the other. */
function valuesOf({ parameter, shape }: Slot, seed: number, name: string, lastGamma: 0 | 1): () => number {
  const draw = random(seed, "weights", name);
  switch (parameter.initializer) {
    case "he-normal-fan-out": {
      // Depthwise weights [k, k, channels] have one output per channel.
      const fanOut = shape.length === 4 ? shape[0]! * shape[1]! * shape[3]! : shape[0]! * shape[1]!;
      const deviation = Math.sqrt(2 / fanOut);
      return () => draw.normal() * deviation;
    }
    case "uniform-fan-in": {
      const bound = 1 / Math.sqrt(shape[0]!);
      return () => (2 * draw.next() - 1) * bound;
    }
    case "ones":
      return () => 1;
    case "last-gamma":
      return () => lastGamma;
    case "zeros":
      return () => 0;
  }
}
