/** Softmax cross-entropy, its gradient, and the two kinds of targets: smoothed true labels and the biggest child's soft labels. */

/** Softmax of each row of [rows × classes]. */
export function softmax(logits: Float32Array, classes: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[row + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[row + c]! - largest);
    for (let c = 0; c < classes; c++) out[row + c] = Math.exp(logits[row + c]! - largest) / sum;
  }
  return out;
}

/** 1 − ε on the label and ε spread over all classes. */
export function smoothLabels(labels: ArrayLike<number>, classes: number, smoothing: number): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes);
  for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]!]! += 1 - smoothing;
  return targets;
}

/** Keeps a loss finite where float32 has rounded a probability to 0. */
const SMALLEST_PROBABILITY = 1e-30;

export interface Loss {
  /** Sum of the rows' cross-entropies. */
  readonly sum: number;
  /** Number of rows whose largest logit is the label's. */
  readonly correct: number;
  /** d (sum / scale) / d logits. */
  readonly gradient: Float32Array;
}

/** @param scale what the sum is divided by for the gradient: the images of the whole step */
export function crossEntropy(
  logits: Float32Array,
  targets: Float32Array,
  labels: ArrayLike<number>,
  scale: number,
): Loss {
  const classes = logits.length / labels.length;
  const probabilities = softmax(logits, classes);
  const gradient = new Float32Array(logits.length);
  let [sum, correct] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const at = i * classes + c;
      if (logits[at]! > logits[i * classes + best]!) best = c;
      sum -= targets[at]! * Math.log(Math.max(probabilities[at]!, SMALLEST_PROBABILITY));
      gradient[at] = (probabilities[at]! - targets[at]!) / scale;
    }
    // The floor above must not hide NaN logits.
    if (Number.isNaN(logits[i * classes])) sum = NaN;
    if (best === labels[i]) correct++;
  }
  return { sum, correct, gradient };
}
