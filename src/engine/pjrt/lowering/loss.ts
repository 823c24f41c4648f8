/** Softmax cross-entropy, as src/train/loss.ts has it on the host. */
import type { StableWriter, Tensor } from "../stablehlo/writer.js";

/** Keeps a loss finite where float32 has rounded a probability to 0: ln 1e−30. */
const SMALLEST_LOG = Math.log(1e-30);

export interface ProgramLoss {
  /** A number: the sum of the rows' cross-entropies. */
  readonly sum: Tensor;
  /** A number: how many rows have their largest logit where it counts. */
  readonly correct: Tensor;
  /** [rows, classes]: d (sum / scale) / d logits. */
  readonly gradient: Tensor;
  /** [rows, classes] */
  readonly probabilities: Tensor;
}

/**
 * @param targets [rows, classes]
 * @param counted [rows], whole numbers
 * @param scale a number
 */
export function programLoss(
  w: StableWriter,
  logits: Tensor,
  { targets, counted, scale }: { readonly targets: Tensor; readonly counted: Tensor; readonly scale: Tensor },
): ProgramLoss {
  const [rows, classes] = logits.type.shape as [number, number];
  const column = (x: Tensor): Tensor => w.reshape(x, [rows, 1]);
  const most = column(w.reduce("maximum", logits, [1]));
  const centred = w.subtract(logits, most);
  const logarithms = w.subtract(centred, w.unary("log", column(w.reduce("add", w.unary("exponential", centred), [1]))));
  const probabilities = w.unary("exponential", logarithms);
  // The first of the largest.
  const places = w.select(w.compare("EQ", logits, most), w.broadcast(w.iota(classes), logits.type.shape), classes);
  const isRight = w.compare("EQ", w.reduce("minimum", places, [1]), w.convert(counted, "f32"));
  // A maximum may hide NaN; a product with zero doesn't.
  const notANumber = w.reduce("add", w.multiply(logits, 0), [0, 1]);
  const likelihood = w.reduce("add", w.multiply(targets, w.maximum(logarithms, SMALLEST_LOG)), [0, 1]);
  return {
    sum: w.subtract(notANumber, likelihood),
    correct: w.reduce("add", w.convert(isRight, "f32"), [0]),
    gradient: w.divide(w.subtract(probabilities, targets), scale),
    probabilities,
  };
}
