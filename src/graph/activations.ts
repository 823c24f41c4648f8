/**
 * The activation functions, with one row of facts each. The engines and the emitter have the formulas, in tables
 * without a gap.
 */

interface ActivationFacts {
  readonly formula: string;
  /** Whether f(0) = 0, so that masked channels stay zero and a closed branch adds nothing. */
  readonly keepsZero: boolean;
  /** Whether the derivative is computed from the function's output too, not from its input alone. */
  readonly slopeReadsOutput: boolean;
}

export const activations = {
  relu: { formula: "max(x, 0)", keepsZero: true, slopeReadsOutput: false },
  relu6: { formula: "min(max(x, 0), 6)", keepsZero: true, slopeReadsOutput: false },
  swish: { formula: "x · sigmoid(x)", keepsZero: true, slopeReadsOutput: true },
  "hard-swish": { formula: "x · relu6(x + 3) / 6", keepsZero: true, slopeReadsOutput: false },
  sigmoid: { formula: "1 / (1 + e^−x)", keepsZero: false, slopeReadsOutput: false },
  "hard-sigmoid": { formula: "relu6(x + 3) / 6", keepsZero: false, slopeReadsOutput: false },
} as const satisfies Record<string, ActivationFacts>;

/** An activation function by name. */
export type ActivationFunction = keyof typeof activations;
