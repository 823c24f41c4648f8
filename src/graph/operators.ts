/**
 * The operators: a line of types each. Every lowering is a table over `OperatorName`, so that a new operator does not compile
 * until each table has its row (shapes.ts, macs.ts, supernet/slice.ts, compile/emit.ts, the engines).
 */
import type { Channels, Gate, Kernel, Parameter, Value } from "./graph.js";

export type ActivationFunction = "relu" | "relu6" | "swish" | "hard-swish" | "sigmoid" | "hard-sigmoid";

type NoAttributes = Readonly<Record<string, never>>;

export interface Operators {
  /** Pads are symmetric, (kernel − 1) / 2, so that a centre crop of the kernel sees the same pixels. */
  conv: {
    in: { x: Value; weight: Parameter; bias?: Parameter };
    attributes: {
      kernel: Kernel;
      stride: number;
      /** A shortcut: where an architecture makes its two sides equal, the conv is the identity (AttentiveNAS's rule). */
      identityWhenSquare?: true;
    };
    out: { y: Value };
  };
  depthwise: {
    in: { x: Value; weight: Parameter; bias?: Parameter };
    attributes: {
      kernel: Kernel;
      stride: number;
      /** A way around a branch that this gate opens: kernel 1, the identity where the gate is closed, zero where it is open. */
      bypasses?: Gate;
    };
    out: { y: Value };
  };
  dense: { in: { x: Value; weight: Parameter; bias?: Parameter }; attributes: { units: Channels }; out: { y: Value } };
  /** Without `mean` and `variance` it normalises by the batch's own (biased) statistics over batch, height and width. */
  batchNorm: {
    in: {
      x: Value;
      gamma: Parameter;
      beta: Parameter;
      mean?: Parameter | Value;
      variance?: Parameter | Value;
    };
    attributes: {
      epsilon: number;
      /** The residual branch that this batch norm ends. */
      gate?: Gate;
    };
    out: { y: Value };
  };
  /** The batch's mean and biased variance per channel, vectors of [channels]: the recalibration model puts them out. */
  moments: { in: { x: Value }; attributes: NoAttributes; out: { mean: Value; variance: Value } };
  activation: {
    in: { x: Value };
    attributes: {
      function: ActivationFunction;
      /** Of a hard-sigmoid, 1/6 if not said: the compiler alone writes another (fold-hard-sigmoid). */
      slope?: number;
    };
    out: { y: Value };
  };
  add: { in: { x: Value; branch: Value }; attributes: NoAttributes; out: { y: Value } };
  /** x [batch, height, width, channels] times factor [batch, 1, 1, channels]: squeeze-and-excite. */
  multiply: { in: { x: Value; factor: Value }; attributes: NoAttributes; out: { y: Value } };
  /** A window of `stride` × `stride`; the last window of an odd size is partial and divides by the pixels it has. */
  averagePool: { in: { x: Value }; attributes: { stride: number }; out: { y: Value } };
  /** [batch, height, width, channels] → [batch, 1, 1, channels]. */
  globalAveragePool: { in: { x: Value }; attributes: NoAttributes; out: { y: Value } };
  /** [batch, 1, 1, channels] → [batch, channels]. */
  flatten: { in: { x: Value }; attributes: NoAttributes; out: { y: Value } };
  /** Acts in training, through the biggest child alone; the identity everywhere else. On [batch, channels]. */
  dropout: { in: { x: Value }; attributes: NoAttributes; out: { y: Value } };
}

export type OperatorName = keyof Operators;

export type NodeOf<Name extends OperatorName> = {
  readonly op: Name;
  /** Unique in its graph. */
  readonly name: string;
  readonly in: Readonly<Operators[Name]["in"]>;
  readonly attributes: Readonly<Operators[Name]["attributes"]>;
  readonly out: Readonly<Operators[Name]["out"]>;
};
